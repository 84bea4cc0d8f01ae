#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# The client that fetches the demo's data.
set -eu
command -v npm >/dev/null || exec "$(dirname "$0")/packages.sh" npm
