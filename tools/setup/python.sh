#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# The foreign readers and writers, in a virtual environment inside the build folder: build/venv.
# `python.sh` installs what tests and demo need, `python.sh bench` also the benchmark's peers.
# A stamp keeps a second run off the network.
set -eu
cd "$(dirname "$0")/../.."
venv=build/venv

if [ ! -x $venv/bin/python ]; then
    # Debian keeps the part that fills a virtual environment in a package of its own.
    python3 -c 'import ensurepip, venv' 2>/dev/null || tools/setup/packages.sh python3-venv
    python3 -m venv $venv
fi

install_requirements() {
    for pause in 5 20 60 0; do
        $venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 5 \
            -r "$1" && return 0
        [ $pause -eq 0 ] || sleep $pause
    done
    return 1
}

for requirements in tests/requirements.txt ${1:+$1/requirements.txt}; do
    stamp=$venv/$(echo "$requirements" | tr / _)
    if ! cmp -s "$requirements" "$stamp"; then
        echo "installing the Python packages of $requirements"
        install_requirements "$requirements"
        cp "$requirements" "$stamp"
    fi
done
