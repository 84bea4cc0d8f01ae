#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Installs those of the named Debian packages that are missing. With none missing it needs neither
# the network nor root, and prints nothing.
set -eu

command -v dpkg-query >/dev/null || {
    echo "this is no Debian; it takes what there corresponds to: $*" >&2
    exit 0
}
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
install_missing() {
    # shellcheck disable=SC2086
    $as_root apt-get -o Acquire::Retries=3 update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 \
            -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
}

# Mirrors are between two states at times, and networks fail.
for pause in 5 20 60 0; do
    install_missing >"$log" 2>&1 && exit 0
    [ $pause -eq 0 ] || sleep $pause
done
tail -n 20 "$log" >&2
exit 1
