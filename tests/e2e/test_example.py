# SPDX-License-Identifier: Apache-2.0

"""The example of libregroup does what a program of somebody else would."""

import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def example(regroup):
    """Runs the example that was built beside the command."""
    path = Path(regroup.path).resolve().parents[2] / "examples" / "regroup" / "compact"

    def run(*arguments):
        command = [str(path), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_the_library_compacts(example, regroup, tmp_path):
    source = tmp_path / "source"
    for number in range(20):
        folder = source / f"dt={number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": [number, -number]}), folder / f"{number:02}.parquet")
    (source / "broken.parquet").write_bytes(b"PAR1 and no more")

    made = example("-o", "memory=64MiB", "-o", "jobs=2", source, tmp_path / "dest")
    assert made.returncode == 0, made.stderr
    assert "20 files -> 2, 40 rows, 1 left alone" in made.stdout
    assert made.stdout.count("a batch of 10 inputs is committed") == 2
    assert "broken.parquet" in made.stderr
    (source / "broken.parquet").unlink()
    regroup("verify", source, tmp_path / "dest").must(0)

    again = example(source, tmp_path / "dest")
    assert again.returncode == 0 and "0 files -> 0" in again.stdout


def test_what_is_wrong_is_said(example, tmp_path):
    result = example("-o", "memory=plenty", tmp_path, tmp_path / "dest")
    assert result.returncode == 2 and "memory" in result.stderr
    result = example("-o", "no-such-option", tmp_path, tmp_path / "dest")
    assert result.returncode == 2 and "no-such-option" in result.stderr
    result = example(tmp_path / "nothing", tmp_path / "dest")
    assert result.returncode == 1 and "nothing" in result.stderr
    assert example(tmp_path).returncode == 2
