#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# The engine's own benchmark, where it is built.
set -eu
cd "$(dirname "$0")/.."
bench=build/bench/weir/bench_weir
[ -x $bench ] || {
    echo "$bench is not part of this build" >&2
    exit 1
}
exec $bench "$@"
