#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Proves that the unit suite can fail: plants the faults of tools/mutations.txt, one at a time.

The tree is copied to build/mutate/tree and built there; each fault must make a test fail (or the
compiler complain) and is taken back before the next.

    tools/mutate.py [word...]    only faults whose file or text contains one of these
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "mutate" / "tree"
BUILD = ROOT / "build" / "mutate" / "build"
# A fault can make a loop endless.
TEST_SECONDS_MAX = 1200


def read_faults():
    """Blocks of three lines: file, what stands there, what the fault makes of it."""
    text = (ROOT / "tools" / "mutations.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    blocks = [block.splitlines() for block in "\n".join(lines).strip().split("\n\n")]
    for block in blocks:
        if len(block) != 3:
            sys.exit(f"tools/mutations.txt: a fault has three lines, not {len(block)}: {block}")
    return blocks


def copy_tree():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    shutil.rmtree(TREE, ignore_errors=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)


def run(*command):
    return subprocess.run(
        command,
        cwd=TREE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def passes(*selection):
    """Whether the tests that this selects pass; a test that does not end has failed."""
    command = ["meson", "test", "-C", str(BUILD), "--no-rebuild", "--quiet"]
    command += ["--maxfail", "1", "--timeout-multiplier", "10"]
    try:
        result = subprocess.run(
            [*command, *selection],
            cwd=TREE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TEST_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


def build(*targets):
    return run("ninja", "-C", BUILD, "--quiet", *targets).returncode == 0


def own_tests_notice(name):
    """Whether the tests of the changed file's own folder, which are soon built, fail already."""
    folder = name.split("/")[1] if name.startswith("src/") else ""
    programs = sorted((TREE / "tests" / "unit" / folder).glob("test_*.c")) if folder else []
    targets = [f"tests/unit/{folder}/{path.stem}" for path in programs]
    targets = [target for target in targets if (BUILD / target).exists()]
    if not targets or not build(*targets):
        return False
    slow = ["long", "crash", "sim", "torture"]
    return not passes("--suite", folder, *[word for s in slow for word in ("--no-suite", s)])


def unit_suite():
    """What happened: "passed", "a test failed", "does not compile"."""
    if not build():
        return "does not compile"
    return "passed" if passes("--suite", "unit") else "a test failed"


def main():
    faults = read_faults()
    words = sys.argv[1:]
    if words:
        faults = [f for f in faults if any(word in "\n".join(f) for word in words)]
    copy_tree()
    shutil.rmtree(BUILD, ignore_errors=True)
    setup = run("meson", "setup", str(BUILD), "-Dbuildtype=debug", "-Doptimization=1")
    if setup.returncode != 0 or unit_suite() != "passed":
        print(setup.stdout[-2000:])
        print("the suite does not pass before any fault is planted")
        return 1
    survivors = 0
    for name, before, after in faults:
        path = TREE / name
        text = path.read_text() if path.exists() else ""
        if text.count(before) != 1:
            print(f"{name}: {before.strip()!r} stands there {text.count(before)} times, not once")
            survivors += 1
            continue
        path.write_text(text.replace(before, after))
        # Most faults need no test of another folder.
        told = "a test failed" if own_tests_notice(name) else unit_suite()
        path.write_text(text)
        # Coarse clocks: the next build must see a newer file.
        os.utime(path)
        print(f"{name}: {after.strip()}: {told}", flush=True)
        survivors += told != "a test failed"
    print(f"{len(faults) - survivors} of {len(faults)} faults noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
