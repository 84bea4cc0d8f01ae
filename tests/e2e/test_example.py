# SPDX-License-Identifier: Apache-2.0

"""The example of libregroup does what a program of somebody else would."""

import os
import signal
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

    run.path = str(path)
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


def test_a_signal_that_was_ignored_does_not_end_it(example, tmp_path):
    """A shell has what a script runs by & ignore SIGINT, which is meant for others."""
    source = tmp_path / "source"
    for number in range(100):
        (source / f"k={number}").mkdir(parents=True)
        pq.write_table(pa.table({"id": [1, 2]}), source / f"k={number}" / "a.parquet")
    os.mkfifo(tmp_path / "names")
    command = ["env", "--ignore-signal=INT", example.path,
               "-o", f"files-from={tmp_path / 'names'}", source, tmp_path / "dest"]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Opened by the job as well: whatever it makes of signals is settled.
    with open(tmp_path / "names", "w") as fifo:
        job.send_signal(signal.SIGINT)
        fifo.write("\n".join(f"k={number}/a.parquet" for number in range(100)))
    out, err = job.communicate(timeout=60)
    assert job.returncode == 0 and "100 files -> 100, 200 rows" in out, out + err
