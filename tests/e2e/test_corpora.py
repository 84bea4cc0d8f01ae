# SPDX-License-Identifier: Apache-2.0

"""Files of many writers, legal, odd and broken: each is merged right, or named and left alone."""

import pytest

import corpora as gate


@pytest.fixture(scope="module")
def outcomes(regroup, corpora):
    return gate.try_all(regroup.path, corpora)


def test_every_file_alone(outcomes, corpora):
    wrong = [
        f"{path.relative_to(corpora)}: {outcome.text}"
        for path, outcome in outcomes.items()
        if outcome.kind == "wrong"
    ]
    assert not wrong, f"{len(wrong)} of {len(outcomes)}:\n" + "\n".join(wrong)


def test_most_files_are_merged(outcomes):
    """A gate that a command refusing everything would pass is none."""
    merged = sum(outcome.kind == "merged" for outcome in outcomes.values())
    assert merged >= len(outcomes) / 2


def test_every_folder_as_a_lake(regroup, corpora):
    wrong = []
    for folder in sorted({path.parent for path in gate.data_files(corpora)}):
        problems = gate.try_folder(regroup.path, folder)
        wrong += [f"{folder.relative_to(corpora)}: {problem}" for problem in problems]
    assert not wrong, "\n".join(wrong)


def test_lakes_on_which_a_naive_merge_is_read_wrong(regroup, corpora, spark, tmp_path):
    """Every file is fine for Spark; appending their pages as they are would not be."""
    import compare
    import readers
    import strict

    lakes = sorted((corpora / "readers").glob("lake_*"))
    if not lakes:
        pytest.skip("no such lakes in these corpora")
    for lake in lakes:
        home = tmp_path / lake.name
        regroup("compact", lake, home).must(0)
        inputs, outputs = gate.data_files(lake), gate.data_files(home)
        for path in outputs:
            strict.check(path)
        for read in (readers.with_pyarrow, readers.with_duckdb, spark.read):
            assert compare.difference(read(inputs), read(outputs)) is None, lake.name
