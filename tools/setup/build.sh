#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# What it takes to build regroup: compilers for C and C++, Meson, and the libraries of the codecs,
# the hash and S3.
set -eu
exec "$(dirname "$0")/packages.sh" \
    gcc g++ libc6-dev meson ninja-build pkg-config python3 libsnappy-dev libzstd-dev liblz4-dev \
    libbrotli-dev libdeflate-dev libxxhash-dev libcurl4-openssl-dev nettle-dev \
    libexpat1-dev libcmocka-dev
