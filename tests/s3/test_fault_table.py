# SPDX-License-Identifier: Apache-2.0

"""docs/s3-faults.md against the tests: no fault without a row, no row that names what is not."""

import re

from conftest import ROOT

TABLE = (ROOT / "docs" / "s3-faults.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (F\d\d) \|(.*)\|$", TABLE, re.MULTILINE)
UNIT = re.compile(r"TEST\((\w+)\)")
PYTHON = re.compile(r"^def (test_\w+)", re.MULTILINE)


def names_in(pattern, files):
    return {name for path in files for name in pattern.findall(path.read_text(encoding="utf-8"))}


def test_every_fault_has_a_row():
    assert [name for name, _ in ROWS] == [f"F{number:02}" for number in range(1, 42)]


def test_every_test_that_is_named_exists():
    python = names_in(PYTHON, (ROOT / "tests" / "s3").glob("test_*.py"))
    unit = names_in(UNIT, (ROOT / "tests" / "unit").rglob("test_*.c"))
    for fault, row in ROWS:
        named = re.findall(r"`(\w+)`( \(unit\))?", row.rpartition("|")[2])
        assert named or "cannot occur" in row, f"{fault} has no test"
        for name, is_unit in named:
            assert name in (unit if is_unit else python), f"{fault}: there is no {name}"


def test_every_test_of_a_fault_is_named():
    for name in names_in(PYTHON, (ROOT / "tests" / "s3").glob("test_*.py")):
        for fault in re.findall(r"f(\d\d)(?=_)", name):
            (row,) = [row for number, row in ROWS if number == f"F{fault}"]
            assert f"`{name}`" in row, f"{name} is not in the row of F{fault}"
