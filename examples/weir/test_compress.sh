#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Compresses a few files of our own in little memory, and compares what comes back.
set -eu
compress=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for i in 1 2 3 4; do
    # Some of each: what compresses, and what does not.
    head -c 3000000 /dev/urandom >"$folder/file$i"
    head -c $((i * 5000000)) /dev/zero | tr '\0' 'a' >>"$folder/file$i"
done
: >"$folder/empty"
"$compress" -m 32 -j 2 "$folder"/file? "$folder/empty"
if command -v zstd >/dev/null; then
    for name in file1 file2 file3 file4 empty; do
        zstd -dc "$folder/$name.zst" >"$folder/back"
        cmp "$folder/back" "$folder/$name"
    done
else
    echo "zstd is not installed: what was compressed is not read back"
fi
# What cannot be read is told, and keeps none of the others waiting.
rm "$folder"/*.zst
"$compress" -m 32 -j 2 "$folder/none" "$folder/file1" "$folder" "$folder/empty" && exit 1
[ -s "$folder/file1.zst" ] && [ -s "$folder/empty.zst" ] && [ ! -e "$folder/none.zst" ]
ls "$folder" | grep -q 'part$' && exit 1
exit 0
