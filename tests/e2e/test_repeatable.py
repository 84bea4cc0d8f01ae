# SPDX-License-Identifier: Apache-2.0

"""Equal inputs and options make equal bytes, whatever the machine gives."""

import pytest

from conftest import live_files

LAKES = ["arrow", "arrow_mixed", "arrow_tail_nested", "polars", "duckdb"]
SHAPES = [(), ("--row-group-size", "100KiB"), ("--codec", "zstd:3")]
RESOURCES = [
    ("--jobs", "1"),
    ("--jobs", "7"),
    ("--memory", "64MiB"),
    ("--memory", "2GiB", "--io", "1"),
    ("--verify", "full"),
]


def bodies(regroup, home):
    """In name order. Names themselves differ: they carry the home's mark."""
    return [path.read_bytes() for path in live_files(regroup, home)]


@pytest.mark.parametrize("shape", SHAPES, ids=" ".join)
@pytest.mark.parametrize("name", LAKES)
def test_bytes_do_not_depend_on_resources(name, shape, regroup, lake_of, tmp_path):
    source = lake_of(name)[0].parent
    regroup("compact", source, tmp_path / "first", *shape).must(0)
    wanted = bodies(regroup, tmp_path / "first")
    for number, resources in enumerate(RESOURCES):
        home = tmp_path / str(number)
        regroup("compact", source, home, *shape, *resources).must(0)
        assert bodies(regroup, home) == wanted, resources
