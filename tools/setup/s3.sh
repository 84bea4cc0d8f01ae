#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# The S3 server that tests and the demo use: radosgw, with a monitor and a store of Ceph.
set -eu
exec "$(dirname "$0")/packages.sh" radosgw ceph-mon ceph-osd libfaketime openssl
