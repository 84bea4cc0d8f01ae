#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Installs those of the named Debian packages that are missing. With none missing it needs neither
# the network nor root, and prints nothing.
set -eu

missing=
for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "these Debian packages are missing, and there is no sudo to install them:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A package list from an image may name versions that are gone by now, so it is fetched anew.
# shellcheck disable=SC2086
if ! { $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y \
    --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
