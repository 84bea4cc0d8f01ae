# SPDX-License-Identifier: Apache-2.0

"""libcurl is loaded when S3 is asked for, and not before: local work needs none of it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def without_libcurl(tmp_path):
    """An environment in which loading libcurl fails, as where it is not installed."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / "libcurl.so.4").write_bytes(b"no library")
    return {"LD_LIBRARY_PATH": str(folder)}


def test_local_work_needs_no_libcurl(regroup, tmp_path, without_libcurl):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(3):
        pq.write_table(pa.table({"id": [number]}), source / f"{number}.parquet")
    regroup("compact", source, tmp_path / "home", env=without_libcurl).must(0)
    regroup("verify", source, tmp_path / "home", env=without_libcurl).must(0)


def test_s3_without_libcurl_says_what_is_missing(regroup, without_libcurl):
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    result = regroup("list", "s3://bucket/home", env={**without_libcurl, **keys}).must(1)
    assert "libcurl" in result.err and "S3" in result.err
    result = regroup("inspect", "s3://bucket/a.parquet", env={**without_libcurl, **keys}).must(1)
    assert "libcurl" in result.err
    assert "no libcurl" in regroup("--version", env=without_libcurl).must(0).out
