#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Every Parquet file of the corpora through the decoders, checked by foreign readers.

plain_copy decodes a file and writes it PLAIN and uncompressed. Whoever reads both must find the
same rows in both; where the values are known (expect.json), they must be these.

    python tests/decode/decode_corpora.py build/tests/decode/plain_copy FOLDER-OF-THE-CORPORA
"""

import collections
import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import compare  # noqa: E402
import corpora  # noqa: E402


# Two strings of 1 GiB each: a plain copy, and what readers make of it, take too long.
TOO_LARGE = {"large_string_map.brotli.parquet"}


def known_problem(path, copy):
    known = corpora.expected_of(path)
    # Large files have sums there, not values; the readers compare those.
    if any(not isinstance(wanted, list) for wanted in known.get("expect", {}).values()):
        return None
    return corpora.expected_problem(known, [copy])


def check(arguments):
    """What became of a file: (kind, text)."""
    program, path = arguments
    if path.name in TOO_LARGE:
        return "skipped", "it is too large"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.parquet"
        status, said = corpora.run(program, path, copy)
        originals = {name: corpora.read(name, [path]) for name in corpora.READERS}
        # Who reads the input wrong can tell nothing about the copy.
        deviating = corpora.expected_of(path).get("deviates", {})
        readers = [n for n, table in originals.items() if table is not None and n not in deviating]
        if status != 0:
            kind = "refused" if status == 3 else "failed"
            return kind, f"{said.strip()} [read by: {' '.join(readers) or 'nobody'}]"
        for name in readers:
            table = corpora.read(name, [copy])
            if table is None:
                return "wrong", f"{name} cannot read the copy"
            found = compare.difference(originals[name], table)
            if found:
                return "wrong", f"{name}: {found}"
        problem = known_problem(path, copy)
        if problem:
            return "wrong", problem
    return ("equal" if readers else "unread"), ""


def check_all(program, root):
    """path -> (kind, text) for every file."""
    paths = corpora.data_files(root)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return dict(zip(paths, pool.map(check, [(program, path) for path in paths]), strict=True))


def main():
    program, root = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    outcomes = check_all(program, root)
    for path, (kind, text) in outcomes.items():
        if kind != "equal":
            print(f"{kind}: {path.relative_to(root)}: {text.replace(str(root), '')}")
    counts = collections.Counter(kind for kind, _ in outcomes.values())
    print(dict(counts))
    return 1 if counts["wrong"] or counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
