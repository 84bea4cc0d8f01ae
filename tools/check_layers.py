#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Holds every #include of src/ against the table of ARCHITECTURE.md.

    src/stitch/bad.c:1: stitch may not include "store/store.h"
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folder: what it may include besides itself. A name with a slash is that one header.
MAY = {
    "base": [],
    "thrift": ["base"],
    "parquet": ["base", "thrift"],
    "stitch": ["base", "parquet", "regroup/moves.h"],
    "store": ["base"],
    "weir": ["weir/weir.h"],
    "plan": ["base", "parquet", "stitch", "regroup/options.h", "regroup/moves.h"],
    "journal": ["base", "store"],
    # What report shows are structs of public headers, so that anybody can render them again.
    "report": ["base", "weir/weir.h", "stitch/moves.h", "regroup"],
    "compact": ["base", "parquet", "stitch", "store", "weir/weir.h", "plan", "journal", "regroup"],
    "verify": ["base", "parquet", "store", "weir/weir.h", "journal", "regroup"],
    "api": [
        "base",
        "parquet",
        "store",
        "weir/weir.h",
        "plan",
        "compact",
        "verify",
        "report",
        "journal",
        "regroup",
    ],
    "cli": ["regroup", "weir/weir.h"],
}
# base/ has the public error type, so that one enum serves inside and outside.
MAY_ALSO = {folder: ["regroup/error.h"] for folder in MAY if folder != "weir"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def is_private(header):
    return header.endswith("_impl.h")


def problem_of(folder, quote, header):
    target = header.split("/")[0]
    ours = target in MAY or target == "regroup"
    if quote == '"' and not ours:
        return f'"{header}" is not of the form "folder/file.h"'
    if not ours:
        return None
    if target == folder and (folder, header) != ("weir", "weir/weir.h"):
        return None
    allowed = MAY[folder] + MAY_ALSO.get(folder, [])
    if target not in allowed and header not in allowed:
        return f'{folder} may not include "{header}"'
    if is_private(header):
        return f'{folder} may not include "{header}", which is private to {target}'
    return None


def main():
    problems = []
    checked = 0
    sources = (ROOT / "src").rglob("*.*")
    for path in sorted(path for path in sources if path.suffix in (".c", ".cc", ".h")):
        folder = path.relative_to(ROOT / "src").parts[0]
        if folder not in MAY:
            problems.append(f"{path.relative_to(ROOT)}:1: folder {folder} is not in the table")
            continue
        checked += 1
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            problem = match and problem_of(folder, *match.groups())
            if problem:
                problems.append(f"{path.relative_to(ROOT)}:{number}: {problem}")
    for path in sorted((ROOT / "include").rglob("*.h")):
        folder = path.parent.name
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match.group(2).split("/")[0] in MAY and match.group(2) != "weir/weir.h":
                problems.append(
                    f"{path.relative_to(ROOT)}:{number}: a public header may not include ours"
                )
    print("\n".join(problems) if problems else f"{checked} files keep to the layers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
