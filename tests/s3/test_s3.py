# SPDX-License-Identifier: Apache-2.0

"""The command on a real S3 server, without faults. Inputs and outputs go through boto3."""

import asyncio
import io
import json
import random
import signal
import subprocess
import time

import pyarrow.parquet
import pytest

import s3_server
from conftest import not_sanitized
from fault_proxy import Rule, kill, named, refuse

ODD_PARTITIONS = [
    "dt=2024-05-22", "a+b", "with blank", "100%", "%41", "a&b", "a<b>c", "it's \"so\"", "q?x=1",
    "#hash", "semi;colon", "comma,at@colon", "back\\slash", "~", "star*", "$money", "(p)", "[b]",
    "caf\u00e9=\u65e5\u672c", "\U0001f389", "|pipe", "a//b",
]  # Components that begin with a dot hide what lies below; the store's own test has such keys.


def test_contract(server, place, binary):
    """The contract suite of stores, in C."""
    test = binary.resolve().parent.parent.parent / "tests" / "unit" / "store" / "test_s3"
    if not test.exists():
        pytest.skip(f"{test} is not built")
    done = subprocess.run(
        [test], env={**place.environment(), "S3_TEST_ENDPOINT": server.endpoint,
                     "S3_TEST_BUCKET": place.bucket},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]


def test_bucket_to_bucket(place):
    numbers = place.fill()
    result = place.compact().must(0)
    assert "12 files" in result.err
    place.check_whole(numbers)
    # One request for a small file, and none twice.
    gets = place.proxy.select(operation="get", key="in/*.parquet")
    assert len(gets) == 12
    assert len({entry["key"] for entry in gets}) == 12
    assert all(entry["if_match"] for entry in gets)


def test_second_run_writes_nothing(place):
    place.fill()
    place.compact().must(0)
    before = place.keys()
    place.proxy.clear()
    assert "nothing" in place.compact().must(0).err
    assert place.keys() == before
    assert [e for e in place.proxy.log if e["method"] not in ("GET", "HEAD")] == []


def test_a_store_is_tried_once_and_only_to_write(place):
    """Whether it creates only what is absent: not asked by a run that finds nothing to do."""
    def probes():
        return place.proxy.count(operation="create", key="*/_probe-*")

    place.fill([f"dt=2024-05-{day:02}" for day in range(1, 9)], files=2)
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert probes() == 1
    place.proxy.clear()
    assert "nothing" in place.regroup("compact", "--in-place", place.url("in")).must(0).err
    assert [e for e in place.proxy.log if e["method"] not in ("GET", "HEAD")] == []
    place.fill([f"dt=2024-06-{day:02}" for day in range(1, 9)], files=2)
    place.proxy.clear()
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert probes() == 1


def test_odd_keys(place):
    numbers = place.fill(ODD_PARTITIONS, files=2, rows=20)
    place.compact().must(0)
    assert sorted(place.rows("out")) == numbers
    assert len(place.data_keys("out")) == len(ODD_PARTITIONS)
    for partition in ODD_PARTITIONS:
        assert len(place.data_keys(f"out/{partition}/")) == 1
    place.endpoint = place.server.endpoint
    place.regroup("verify", place.url("in"), place.url("out")).must(0)


def test_a_partition_without_room_for_names(place):
    """A key has 1,024 bytes: where a file just fits, an output and the ledger may not."""
    numbers = place.fill(["dt=2024-05-01"])
    place.fill(["/".join(["long" * 49 + f"={i:03}" for i in range(5)])], files=1)
    result = place.compact().must(3)
    assert result.err.count("left alone: ") == 1 and "the path is too long" in result.err
    assert place.rows("out") == numbers
    assert "nothing" in place.compact().must(3).err
    # In place it is all there is of its rows.
    place.regroup("compact", "--in-place", place.url("in")).must(3)
    listed = place.regroup("list", place.url("in")).must(0).out.splitlines()
    assert sorted(listed) == sorted(key[3:] for key in place.data_keys("in"))
    assert len(listed) == 2
    place.regroup("gc", place.url("in"), "--older-than", "0s").must(0)


def test_multipart(place):
    """Outputs of several parts: all equal but the last, and one object after all."""
    numbers = place.fill([""], files=30, rows=20000, wide=5)
    place.compact("--row-group-size", "64MiB", "--memory", "256MiB").must(0)
    place.check_whole(numbers)
    parts = place.proxy.select(operation="part", key="out/part-*")
    sizes = {}
    for entry in parts:
        upload = entry["query"].split("uploadId=")[1]
        sizes.setdefault(upload, {})[int(entry["query"].split("=")[1].split("&")[0])] = \
            entry["bytes"]
    assert max(len(of_upload) for of_upload in sizes.values()) >= 3
    for of_upload in sizes.values():
        in_order = [of_upload[number] for number in sorted(of_upload)]
        assert len(set(in_order[:-1])) <= 1 and in_order[-1] <= in_order[0]
        assert in_order[0] >= 5 << 20
    assert place.proxy.count(operation="complete", key="out/part-*") == len(
        [u for u, s in sizes.items() if len(s) > 1])


def test_to_local_and_back(place, tmp_path):
    numbers = place.fill()
    home = tmp_path / "home"
    place.regroup("compact", place.url("in"), home).must(0)
    files = sorted(home.rglob("*.parquet"))
    read = [n for path in files for n in pyarrow.parquet.read_table(path)["n"].to_pylist()]
    assert read == numbers
    # Equal inputs make equal bytes on every store (names tell the homes apart).
    place.compact(dest="out").must(0)
    assert [path.read_bytes() for path in files] == \
        [place.get(key) for key in place.data_keys("out")]
    # And from the disk to the bucket.
    for path in files:
        target = tmp_path / "again" / path.parent.relative_to(home) / path.name.replace(
            "part-", "copy-")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    place.regroup("compact", tmp_path / "again", place.url("back")).must(0)
    assert place.rows("back") == numbers


def test_in_place(place):
    numbers = place.fill(files=8)
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert place.rows("in") == numbers
    assert len(place.data_keys("in")) == 2
    log = place.proxy.log
    # No deletion before the record of its partition.
    for partition in ("dt=2024-05-01", "dt=2024-05-02"):
        record = next(e["number"] for e in log
                      if e["key"] == f"in/_regroup/{partition}/_000001.json" and e["bytes"])
        deletes = [e["number"] for e in log if e["operation"] == "delete"
                   and e["key"].startswith(f"in/{partition}/")]
        assert len(deletes) == 8 and min(deletes) > record
    assert "nothing" in place.regroup("compact", "--in-place", place.url("in")).must(0).err
    assert "has a ledger of regroup" in place.compact().must(2).err
    assert place.keys("out") == []


def test_what_may_not_be_asked_for_is_looked_up(place):
    """A store may say 403 of what is absent, though its folder may be listed."""
    numbers = place.fill(files=3)
    place.put("in/_regroup/other", b"")
    refused = Rule(refuse(403, "AccessDenied"), operation="head", key="in/_regroup/_home",
                   times=None)
    place.proxy.add(refused)
    place.compact().must(0)
    place.check_whole(numbers)
    assert refused.hits > 0


@pytest.mark.parametrize("top", ["db/table/", ""])
@pytest.mark.parametrize("marker", ["_delta_log/0.json", ".hoodie/x", "metadata/v1.metadata.json"])
def test_a_place_in_a_table_is_refused(marker, top, place):
    place.fill(files=2)
    for name in "ab":
        place.put(f"{top}data/k=1/{name}.parquet", place.get("in/dt=2024-05-01/file 000.parquet"))
    place.put(top + marker[:marker.index("/") + 1], b"")  # Many tools make such markers.
    place.put(top + marker, b"{}")
    before = place.keys()
    inner = f"{top}data/k=1"
    for places in (["--in-place", place.url(inner)], ["--in-place", place.url(inner + "/")],
                   ["--in-place", place.url(inner + "/a.parquet")],
                   [place.url("in"), place.url(f"{top}data/new")]):
        result = place.regroup("compact", *places).must(2)
        assert f" lies in {place.url(top.rstrip('/'))}, a" in result.err and "table" in result.err
        place.regroup("plan", *places).must(0)
    assert place.keys() == before


def test_a_place_below_a_ledger_is_refused(place):
    place.fill(files=3)
    place.regroup("compact", "--in-place", place.url("in"), "--grace", "1h").must(0)
    before = place.keys()
    for places in (["--in-place", place.url("in/dt=2024-05-01")],
                   [place.url("in/dt=2024-05-01"), place.url("out")]):
        result = place.regroup("compact", *places).must(2)
        assert f"lies in {place.url('in')}, which has a ledger of regroup" in result.err
    assert place.keys() == before


def test_a_marker_alone_is_no_table(place):
    numbers = place.fill(files=2)
    for name in ("_delta_log/", ".hoodie/", "metadata/", "_regroup/"):
        place.put(name, b"")
    place.compact().must(0)
    place.check_whole(numbers)


def test_two_slashes_are_a_folder(place):
    numbers = place.fill(["/k=1"], files=2, prefix="t")
    place.put("t/file 000.parquet", b"another")
    other = place.get("t//k=1/file 001.parquet")
    place.put("t//one.parquet", place.get("t//k=1/file 000.parquet"))
    place.put("t/one.parquet", other)
    place.regroup("compact", place.url("t//one.parquet"), place.url("out")).must(0)
    assert place.rows("out") == numbers[:500]
    place.put("t/_delta_log/0.json", b"{}")
    for inner in ("t//k=1", "t//one.parquet", "t//"):
        result = place.regroup("compact", "--in-place", place.url(inner)).must(2)
        assert "a Delta Lake table" in result.err


def in_the_midst(place, *arguments):
    """An action: another run from begin to end, and only then the request."""
    done = []

    @named("another run first")
    async def action(exchange):
        if not done:
            done.append(True)
            loop = asyncio.get_running_loop()
            environment = {**place.environment(), **place.server.environment()}
            result = await loop.run_in_executor(None, lambda: subprocess.run(
                [str(place.binary), *arguments], env=environment, capture_output=True))
            assert result.returncode in (0, 3), result.stderr
        await exchange.send(await exchange.forward())

    return action


def test_two_homes_begin_at_once(place):
    """One below the other: the later one sees the earlier one and does nothing."""
    numbers = place.fill(["k=1"], files=4)
    place.proxy.add(Rule(in_the_midst(place, "compact", "--in-place", place.url("in")),
                         method="PUT", key="in/k=1/_regroup/_home"))
    result = place.regroup("compact", "--in-place", place.url("in/k=1")).must(2)
    assert f"lies in {place.url('in')}, which has a ledger" in result.err
    assert f"begun in {place.url('in/k=1')} just now can be removed" in result.err
    assert place.rows("in") == numbers


def test_a_ledger_that_begins_in_the_source(place):
    """What a run in place makes is not taken for files that came late."""
    numbers = place.fill(["k=1"], files=6)
    place.proxy.add(Rule(in_the_midst(place, "compact", "--in-place", place.url("in")),
                         method="PUT", key="out/_regroup/k=1/_000001.json"))
    place.compact("--batch-size", "1KiB").must(3)
    found = place.rows("out")
    assert found == numbers[:len(found)] and 0 < len(found)
    assert place.rows("in") == numbers


def test_iceberg_is_found_among_many_metadata(place):
    """In the second page of the listing, behind names that tell nothing."""
    place.fill(files=2)
    for number in range(1001):
        place.put(f"t/metadata/{number:05}-m0.avro", b"")
    place.put("t/metadata/v1.metadata.json", b"{}")
    result = place.compact(dest="t/data").must(2)
    assert f"lies in {place.url('t')}, a" in result.err and "Iceberg" in result.err


def test_folders_above_that_may_not_be_looked_at(place):
    """A policy that allows a prefix is common; nothing more than that prefix is needed."""
    numbers = place.fill(files=3, prefix="mine/in")
    refused = Rule(refuse(403, "AccessDenied"), operation="list", times=None,
                   when=lambda request: "prefix=mine%2F" not in request.query)
    place.proxy.add(refused)
    place.proxy.add(Rule(refuse(403), operation="head", key="_regroup/*", times=None))
    for _ in range(2):
        place.compact(source="mine/in", dest="mine/out").must(0)
        assert place.rows("mine/out") == numbers
    assert refused.hits > 0


def test_late_files(place):
    numbers = place.fill(["dt=1"], files=3)
    place.compact().must(0)
    more = place.fill(["dt=1"], files=3, prefix="late")
    for key in place.keys("late/"):
        place.put("in/" + key[len("late/"):].replace("file", "later"), place.get(key))
    place.compact().must(0)
    assert sorted(place.rows("out")) == sorted(numbers + more)


def test_where_prunes_listings(place):
    place.fill([f"dt=2024-05-{day:02}/h={hour}" for day in range(1, 6) for hour in (1, 2)],
               files=1, rows=10)
    place.compact("--where", "dt = 2024-05-03").must(0)
    assert len(place.data_keys("out")) == 2
    listed = [e for e in place.proxy.select(operation="list") if "prefix=in%2Fdt" in e["query"]]
    assert listed and all("2024-05-03" in e["query"] for e in listed)
    assert place.proxy.count(operation="get", key="in/*.parquet") == 2


def test_one_file_as_source(place):
    numbers = place.fill([""], files=2)
    place.compact(source="in/file 000.parquet").must(0)
    assert place.rows("out") == numbers[:500]


def test_inspect(place):
    place.fill([""], files=1)
    file = place.url("in/file 000.parquet")
    assert "500" in place.regroup("inspect", "--pages", file).must(0).out


def test_inspect_tells_what_comes_before_a_refusal(place):
    place.fill([""], files=1)
    place.proxy.add(Rule(refuse(400, "InvalidRequest"), operation="get", times=None, skip=1))
    result = place.regroup("inspect", "--pages", "--json", place.url("in/file 000.parquet")).must(1)
    told = json.loads(result.out)
    assert "InvalidRequest" in told["error"] and told["rows"] == 500


def test_plan_writes_nothing(place):
    place.fill()
    place.regroup("plan", place.url("in"), place.url("out")).must(0)
    assert place.keys("out") == []
    assert all(e["method"] in ("GET", "HEAD") for e in place.proxy.log)


@pytest.mark.parametrize("seed", range(6))
def test_kill_and_rerun(place, seed):
    """Killed at any moment and run again: each row once, and nothing is left behind."""
    draw = random.Random(seed)
    numbers = place.fill([f"p={i}" for i in range(4)], files=6, rows=3000, wide=3)
    command = ["compact", "--in-place", place.url("in")] if seed % 2 else \
        ["compact", place.url("in"), place.url("out")]
    home = "in" if seed % 2 else "out"
    for _ in range(3):
        process = place.start(*command)
        time.sleep(draw.uniform(0.01, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    place.regroup(*command).must(0)
    assert place.rows(home) == numbers
    place.regroup("gc", place.url(home), "--older-than", "0s").must(0)
    assert place.uploads() == []
    assert place.rows(home) == numbers


def test_kill_leaves_uploads_and_gc_finds_them(place):
    """F16."""
    place.fill([""], files=30, rows=20000, wide=5)
    # Somebody else's upload stays.
    foreign = place.client.create_multipart_upload(Bucket=place.bucket, Key="out/theirs.parquet")
    victim = []
    place.proxy.add(Rule(kill(victim), operation="part", key="out/part-*", times=None))
    victim.append(place.start("compact", place.url("in"), place.url("out")))
    victim[0].communicate()
    place.proxy.clear()
    assert len(place.uploads()) == 2
    place.regroup("gc", place.url("out"), "--older-than", "0s").must(0)
    assert [u["UploadId"] for u in place.uploads()] == [foreign["UploadId"]]


def test_two_copies(place):
    """F36: the same job twice at once."""
    numbers = place.fill([f"p={i}" for i in range(3)], files=5)
    both = [place.start("compact", place.url("in"), place.url("out")) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err.decode(errors="replace")
    place.check_whole(numbers)


def test_two_stores(place, tmp_path):
    """Source and destination of different accounts: a profile for each."""
    try:
        place.server.add_user("other", s3_server.OTHER_ACCESS_KEY, s3_server.OTHER_SECRET_KEY)
    except RuntimeError:
        pass  # It is there already.
    other = place.bucket + "-other"
    import boto3

    client = boto3.client("s3", endpoint_url=place.server.endpoint, region_name="us-east-1",
                          aws_access_key_id=s3_server.OTHER_ACCESS_KEY,
                          aws_secret_access_key=s3_server.OTHER_SECRET_KEY)
    client.create_bucket(Bucket=other)
    place.fill()
    (tmp_path / "config").write_text("[profile b]\nregion = us-east-1\n")
    (tmp_path / "credentials").write_text(
        f"[a]\naws_access_key_id = {s3_server.ACCESS_KEY}\n"
        f"aws_secret_access_key = {s3_server.SECRET_KEY}\n"
        f"[b]\naws_access_key_id={s3_server.OTHER_ACCESS_KEY}\n"
        f"aws_secret_access_key={s3_server.OTHER_SECRET_KEY}\n")
    files = {"AWS_CONFIG_FILE": str(tmp_path / "config"),
             "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
             "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    denied = place.regroup("compact", place.url("in"), f"s3://{other}/out", "--profile", "a",
                           env=files)
    assert denied.status != 0 and "403" in denied.err
    place.regroup("compact", place.url("in"), f"s3://{other}/out", "--profile", "a",
                  "--dest-profile", "b", env=files).must(0)
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=other)["Contents"]]
    assert len([key for key in keys if key.endswith(".parquet")]) == 2
    place.regroup("verify", place.url("in"), f"s3://{other}/out", "--profile", "a",
                  "--dest-profile", "b", env=files).must(0)
    used = {e["authorization"].split("Credential=")[1].split("/")[0]
            for e in place.proxy.log if e["bucket"] == other and e["status"] < 300}
    assert used == {s3_server.OTHER_ACCESS_KEY}


@pytest.mark.parametrize("wrong, said", [
    (["compact", "s3://{b}/in", "s3://{b}/in"], "same place"),
    (["compact", "s3://{b}/in", "s3://{b}/in/x"], "inside"),
    (["compact", "s3://{b}/in", "s3://{b}/x.parquet"], "directory"),
    (["compact", "s3://no-such-bucket-here/in", "s3://{b}/out"], "NoSuchBucket"),
    (["compact", "s3:///in", "s3://{b}/out"], "bucket"),
    (["compact", "gs://x/in", "s3://{b}/out"], "s3://"),
    (["compact", "s3://{b}/in", "s3://{b}/out", "--profile", "nobody"], "nobody"),
    (["compact", "s3://{b}/in", "s3://{b}/out", "--endpoint-url", "ftp://x"], "http"),
])
def test_wrong_places(place, wrong, said):
    place.fill(["a"], files=1)
    result = place.regroup(*[word.format(b=place.bucket) for word in wrong])
    assert result.status in (1, 2, 65) and said in result.err
    assert "secret" not in result.err
    place.check_nothing()


def test_secrets_are_never_shown(place):
    place.fill(files=1)
    for arguments in (["-v"], ["-v", "--progress", "json"]):
        result = place.compact(*arguments, env={"AWS_SESSION_TOKEN": "hush+hush/hush=="})
        assert s3_server.SECRET_KEY not in result.err + result.out
        assert "hush" not in result.err + result.out


@not_sanitized
def test_memory_is_held(place):
    """Within a small limit, with everything that connections take."""
    numbers = place.fill([""], files=40, rows=20000, wide=5)
    # The peak is read by the shell's parent: a wrapper that reports its child's.
    result = place.compact("--memory", "96MiB", "--row-group-size", "32MiB").must(0)
    line = next(line for line in result.err.splitlines() if line.startswith("memory:"))
    used = float(line.split()[3])
    assert used <= 96, line
    place.check_whole(numbers)
