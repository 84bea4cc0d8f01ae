#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Runs a command and writes what it used, as JSON: status, wall, user and system seconds, peak RSS.

    measure.py RESULT.json command [argument...]

A process of its own, because Linux counts the memory of whoever starts a command into the command's
peak: here that is a bare interpreter of some 10 MB.
"""

import json
import resource
import subprocess
import sys
import time


def main():
    result, command = sys.argv[1], sys.argv[2:]
    start = time.monotonic()
    status = subprocess.call(command)
    wall = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {
        "status": status,
        "wall_s": wall,
        "user_s": used.ru_utime,
        "system_s": used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
    }
    with open(result, "w") as file:
        json.dump(measured, file)
    return 0 if status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
