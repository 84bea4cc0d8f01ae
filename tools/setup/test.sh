#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# What `make check` needs besides tools/setup/build.sh: the second compiler with its sanitizers, and
# a Java for Spark.
set -eu
here=$(dirname "$0")
"$here/packages.sh" git clang clang-format libclang-rt-14-dev valgrind
command -v java >/dev/null || "$here/packages.sh" openjdk-17-jre-headless
