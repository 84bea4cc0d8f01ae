#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# The engine's own benchmark, where it is built: all of it, into docs/bench-weir.md; or with
# arguments one table ("named", "random", "bottleneck", "real", "overhead").
set -eu
cd "$(dirname "$0")/.."
bench=build/bench/weir/bench_weir
[ -x $bench ] || {
    echo "$bench is not part of this build" >&2
    exit 1
}
[ $# -eq 0 ] || exec $bench "$@"
exec python3 bench/weir/run.py
