#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Builds into build/, or into the folder given, with Meson set up on the first run:
#     tools/build.sh [folder [option of meson setup...]]
# CC names the compiler, when a folder is set up; clang's for C++ is clang's, too. The command is
# then build/regroup.
set -eu
cd "$(dirname "$0")/.."
case ${CC-} in
clang*)
    : "${CXX:=clang++${CC#clang}}"
    export CXX
    ;;
esac
folder=${1:-build}
[ $# -eq 0 ] || shift
if [ ! -f "$folder/build.ninja" ]; then
    setup=$(meson setup "$folder" "$@" 2>&1) || {
        printf '%s\n' "$setup" >&2
        exit 1
    }
fi
ninja -C "$folder" --quiet
[ ! -x "$folder/src/cli/regroup" ] || ln -sfn src/cli/regroup "$folder/regroup"
