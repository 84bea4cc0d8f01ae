# SPDX-License-Identifier: Apache-2.0

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import lakes
import readers

ROOT = Path(__file__).resolve().parent.parent.parent
# A run that takes longer hangs: all lakes of these tests are small.
SECONDS_MAX = 120
NOBODY = 65534


class Result:
    """How a run of the command ended, and what it said."""

    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout.decode(errors="replace")
        self.err = process.stderr.decode(errors="replace")

    def must(self, status):
        assert self.status == status, f"exit {self.status}, not {status}\n{self.err}{self.out}"
        return self


class Regroup:
    """The command under test, in an environment without REGROUP_* of the caller's."""

    def __init__(self, path):
        self.path = path
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("REGROUP")}

    def command(self, *arguments):
        return [str(self.path), *map(str, arguments)]

    def __call__(self, *arguments, env=None, timeout=SECONDS_MAX, **more):
        process = subprocess.run(
            self.command(*arguments),
            stdin=more.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.environment, **(env or {})},
            timeout=timeout,
            **more,
        )
        result = Result(process)
        # Whatever is asked of it, it never dies of a signal and no sanitizer ever speaks.
        assert result.status >= 0, f"died of signal {-result.status}\n{result.err}"
        assert "Sanitizer" not in result.err and "runtime error" not in result.err, result.err
        return result

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )


@pytest.fixture(scope="session")
def regroup():
    path = Path(os.environ.get("REGROUP", ROOT / "build" / "regroup"))
    if not path.exists():
        pytest.fail(f"{path} is not there: build first")
    return Regroup(path)


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    session = readers.Spark(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def lake_of(tmp_path_factory, request):
    """Makes each lake once: name -> its files in row order."""
    made = {}
    root = tmp_path_factory.mktemp("lakes")

    def make(name):
        if name not in made:
            lake = lakes.LAKES[name]
            spark = request.getfixturevalue("spark") if lake.writer == "spark" else None
            made[name] = lakes.build(lake, root / name, spark)
        return made[name]

    return make


@pytest.fixture(scope="session")
def corpora():
    """Parquet files of many writers; not part of the repository."""
    path = Path(os.environ.get("REGROUP_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not path.is_dir():
        pytest.skip(f"no corpora at {path} (REGROUP_CORPORA names another place)")
    return path


def data_files(home):
    """Parquet files below a folder as any reader finds them, in name order."""
    return sorted(
        path
        for path in Path(home).rglob("*.parquet")
        if not any(part.startswith("_") and "=" not in part
                   for part in path.relative_to(home).parts)
    )


def live_files(regroup, home):
    """The same as the ledger tells it; at rest the two must agree."""
    listed = regroup("list", home).must(0).out.splitlines()
    live = sorted(Path(home) / line for line in listed)
    assert live == data_files(home)
    return live


def write(path, first=0, rows=100, **options):
    """A file whose column `id` counts on from `first`: which rows it has tells where they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = range(first, first + rows)
    table = pa.table({"id": numbers, "text": [f"row {n}" for n in numbers]})
    pq.write_table(table, path, **options)
    return path


def rows_of(paths):
    return readers.with_pyarrow(paths)["id"].to_pylist() if paths else []


def snapshot(folder):
    """Every file with its size and time of change."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def alone(result):
    """What was left alone: path -> reason."""
    lines = [line for line in result.err.splitlines() if line.startswith("left alone: ")]
    return dict(line.removeprefix("left alone: ").split(": ", 1) for line in lines)


@pytest.fixture
def source(tmp_path):
    """Five files, rows 0 to 499."""
    folder = tmp_path / "source"
    for number in range(5):
        write(folder / f"f{number}.parquet", number * 100)
    return folder


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def unprivileged(tmp_path):
    """Arguments that run the command as somebody whom permissions hold."""
    if os.getuid() != 0:
        return {}
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and str(folder) not in ("/", "/tmp"):
            folder.chmod(0o755)
    tmp_path.chmod(0o777)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@pytest.fixture(scope="session")
def compacted(regroup, lake_of, tmp_path_factory):
    """Compacts a lake once for each set of options: (name, options) -> (inputs, outputs)."""
    done = {}
    root = tmp_path_factory.mktemp("compacted")

    def compact(name, *options):
        key = (name, options)
        if key not in done:
            inputs = lake_of(name)
            home = root / str(len(done))
            result = regroup("compact", inputs[0].parent, home, *options)
            done[key] = (result, inputs, home)
        result, inputs, home = done[key]
        result.must(0)
        return inputs, live_files(regroup, home)

    return compact
