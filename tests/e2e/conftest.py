# SPDX-License-Identifier: Apache-2.0

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import lakes
import readers

ROOT = Path(__file__).resolve().parent.parent.parent
# A run that takes longer hangs: all lakes of these tests are small.
SECONDS_MAX = 120


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
