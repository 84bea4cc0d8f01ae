# SPDX-License-Identifier: Apache-2.0

"""What the command does when the store misbehaves: the faults of docs/s3-faults.md, by number.

Every test ends with the right bytes, or with a clear error and nothing published.
"""

import email.utils
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import pyarrow
import pyarrow.parquet
import pytest

import s3_server
from conftest import not_sanitized
from fault_proxy import (
    Answer, Rule, change, cut, delay, drip, flip_bit, lose, named, passing, refuse, sign_anew,
    stall, strip_request_header, xml_error,
)

INPUT = "in/*.parquet"
# An output of several parts, and the inputs for it.
MANY = {"partitions": [""], "files": 24, "rows": 20000, "wide": 5}
QUICK = {"AWS_MAX_ATTEMPTS": "3"}


def add_large(place, rows=300000):
    """A file that is read in ranges; its numbers follow those of fill()."""
    import io

    import numpy

    n = numpy.arange(1000, 1000 + rows)
    draw = numpy.random.default_rng(5)
    table = pyarrow.table({"n": n, "text": [f"row {i % 37}" for i in n],
                           **{f"noise{i}": draw.random(rows) for i in range(4)}})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    assert sink.tell() > 8 << 20
    place.put("in/large.parquet", sink.getvalue())
    return n.tolist()


@pytest.mark.parametrize("framing, reset", [
    ("length", False), ("chunked", False), ("none", False), ("length", True), ("chunked", True),
])
def test_f01_short_body(place, framing, reset):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(cut(700, framing, reset), operation="get", key=INPUT, times=3))
    place.compact().must(0)
    place.check_whole(numbers)
    # What was got is not asked for again.
    faulted = place.proxy.select(fault=f"cut 700 {framing}{' reset' if reset else ''}")
    assert len(faulted) == 3
    if not reset:
        for entry in faulted:
            ranges = [e["range"] for e in place.proxy.select(operation="get", key=entry["key"])]
            assert ranges[1].startswith("bytes=700-"), ranges


def test_f01_short_range(place):
    numbers = add_large(place)
    place.proxy.add(Rule(cut(0.5), operation="get", key=INPUT, times=4))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f02_wrong_range(place):
    numbers = add_large(place)

    def shift(answer, request):
        first, last, total = re.match(r"bytes (\d+)-(\d+)/(\d+)",
                                      answer.header("content-range")).groups()
        answer.set("Content-Range", f"bytes {int(first) - 1}-{int(last) - 1}/{total}")

    place.proxy.add(Rule(change(shift, "wrong range"), operation="get", key=INPUT, times=2, skip=1))
    place.compact().must(0)
    place.check_whole(numbers)
    assert place.proxy.count(fault="wrong range") == 2


def test_f02_another_range_on_retry(place):
    """The first answer breaks off, the second begins elsewhere than it was asked to."""
    numbers = add_large(place)

    def whole(answer, request):
        answer.set("Content-Range", answer.header("content-range"))

    place.proxy.add(
        Rule(cut(5000), operation="get", key=INPUT, times=1, skip=1),
        Rule(strip_request_header("range"), operation="get", key=INPUT, times=1, skip=2),
    )
    place.compact().must(0)
    place.check_whole(numbers)


def test_f02_ranges_ignored(place):
    add_large(place)
    place.proxy.add(Rule(strip_request_header("range"), operation="get", key=INPUT, times=None))
    result = place.compact(env=QUICK)
    assert result.status != 0 and "ignored the range" in result.err
    place.check_nothing()


@pytest.mark.parametrize("times", [2, None])
def test_f02_range_is_denied(place, times):
    """416 for a range that is there: no bytes came, and none may be made up."""
    numbers = place.fill([""], files=2)
    numbers += add_large(place)
    # The first read of the large file is its footer.
    place.proxy.add(Rule(refuse(416, "InvalidRange"), operation="get", key="in/large.parquet",
                         times=times, skip=1))
    result = place.compact()
    if times is None:
        result.must(75)
        assert "says the store" in result.err
    else:
        result.must(0)
        place.check_whole(numbers)


def test_f02_small_files_without_ranges(place):
    """Whole files are whole with or without a range."""
    numbers = place.fill(files=3)
    place.proxy.add(Rule(strip_request_header("range"), operation="get", key=INPUT, times=None))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f03_flipped_bit_upwards(place):
    """The store compares the digest that was signed."""
    numbers = place.fill(**MANY)

    @named("flip bit upwards")
    async def flip(exchange):
        body = bytearray(exchange.request.body)
        body[len(body) // 2] ^= 1
        exchange.request.body = bytes(body)
        await exchange.send(await exchange.forward())

    place.proxy.add(Rule(flip, operation=("part", "put"), key="out/part-*", times=2))
    place.compact().must(0)
    place.check_whole(numbers)
    assert {e["status"] for e in place.proxy.select(fault="flip bit upwards")} == {400}


def test_f03_flipped_bit_with_page_checksums(place):
    import io

    for i in range(2):
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({"n": list(range(i * 9000, i * 9000 + 9000))}),
                                    sink, write_page_checksum=True, compression="none",
                                    use_dictionary=False)
        place.put(f"in/{i}.parquet", sink.getvalue())
    place.proxy.add(Rule(flip_bit(), operation="get", key="in/1.parquet", times=None))
    result = place.compact().must(3)
    assert "in/1.parquet" in result.err or "1.parquet" in result.err
    assert place.rows("out") == list(range(9000))


def test_f03_flipped_bit_without_checksums(place):
    """Nobody could see it, but --verify full, which reads the inputs again."""
    import io

    for i in range(2):
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({"n": list(range(i * 9000, i * 9000 + 9000))}),
                                    sink, compression="none", use_dictionary=False)
        place.put(f"in/{i}.parquet", sink.getvalue())
    place.proxy.add(Rule(flip_bit(), operation="get", key="in/1.parquet", times=1))
    result = place.compact("--verify", "full")
    assert result.status == 1 and "n" in result.err
    assert [k for k in place.keys("out/_regroup") if k.endswith("_000001.json")] == []


def test_f04_overwritten_while_read(place):
    add_large(place)
    newer = add_large(place, rows=280000)
    older = add_large(place, rows=300000)
    body = place.get("in/large.parquet")
    add_large(place, rows=280000)
    newer_body = place.get("in/large.parquet")
    place.put("in/large.parquet", body)

    @named("overwrite")
    async def overwrite(exchange):
        place.put("in/large.parquet", newer_body)
        await exchange.send(await exchange.forward())

    # After the footer, before the data.
    place.proxy.add(Rule(overwrite, operation="get", key=INPUT, times=1, skip=1))
    place.compact().must(0)
    assert place.rows("out") in (newer,)
    assert older != newer
    assert place.proxy.count(key=INPUT, status=412) >= 1


def test_f05_deleted_while_read(place):
    numbers = place.fill(files=3)
    add_large(place)

    @named("delete")
    async def delete(exchange):
        place.client.delete_object(Bucket=place.bucket, Key="in/large.parquet")
        await exchange.send(await exchange.forward())

    place.proxy.add(Rule(delete, operation="get", key="in/large.parquet", times=1, skip=1))
    place.compact().must(0, 3)
    place.check_whole(numbers)


@pytest.mark.parametrize("code", [503, 429])
def test_f06_storm(place, code):
    numbers = place.fill(files=5)
    place.proxy.add(Rule(refuse(code, "SlowDown"), chance=0.3, times=80))
    place.compact("--progress", "none").must(0)
    place.check_whole(numbers)


def test_f06_listings_only(place):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(refuse(503, "SlowDown"), operation="list", chance=0.3, times=20))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f06_burst_lowers_concurrency(place):
    """All requests refused for a second: fewer and fewer are tried, and it goes on afterwards."""
    numbers = place.fill([f"p={i}" for i in range(10)], files=10, rows=50)
    until = [0.0]

    def in_burst(request):
        if request.operation == "get" and request.key.startswith("in/") and not until[0]:
            until[0] = time.monotonic() + 1.0
        return 0 < until[0] and time.monotonic() < until[0]

    place.proxy.add(Rule(refuse(503, "SlowDown"), times=None, when=in_burst))
    place.compact().must(0)
    place.check_whole(numbers)
    # A second of refusals with an unlimited client would be thousands of requests.
    assert 1 <= place.proxy.count(status=503) < 300


@pytest.mark.parametrize("code, body", [
    (500, None), (502, b"<html><body>Bad Gateway</body></html>"), (504, b"\xff\xfe not XML <<<"),
    (520, b"error code: 520"),
])
def test_f07_server_errors(place, code, body):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(refuse(code, "InternalError", body=body), chance=0.3, times=40))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f07_large_page(place):
    """No XML, and more of it than is looked at: the status is what counts."""
    numbers = place.fill(files=3)
    page = b"<!doctype html><p>Overloaded & out of order" + b"<!-- art -->" * 20000 + b"</html>"
    place.proxy.add(Rule(refuse(503, body=page), operation="get", key="in/*1/file 000.parquet",
                         times=6))
    place.compact(env={"AWS_MAX_ATTEMPTS": "20"}).must(0)
    assert place.proxy.count(status=503) == 6
    place.check_whole(numbers)


def test_f07_page_of_a_proxy_instead_of_a_listing(place):
    numbers = place.fill(files=3)
    page = change(lambda answer, request: Answer(200, [("Content-Type", "text/html")],
                                                 b"<html>Sign in, please<br></html>"), "page")
    place.proxy.add(Rule(page, operation="list", times=2))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f08_request_timeout(place):
    numbers = place.fill(**MANY)
    place.proxy.add(Rule(refuse(400, "RequestTimeout"), operation="part", key="out/part-*",
                         times=2))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f08_other_400_is_final(place):
    place.fill(files=3)
    place.proxy.add(Rule(refuse(400, "InvalidArgument"), operation="put", key="out/dt*",
                         times=None))
    result = place.compact()
    assert result.status != 0 and "InvalidArgument" in result.err
    refused = place.proxy.select(status=400)
    assert len({e["key"] for e in refused}) == len(refused)
    place.check_nothing()


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_f09_connection_lost(place, reset, after):
    numbers = place.fill(files=4)
    place.proxy.add(Rule(lose(reset, after), chance=0.25, times=30))
    place.compact().must(0)
    place.check_whole(numbers, clears=True)


def test_f09_lost_in_parts(place):
    numbers = place.fill(**MANY)
    place.proxy.add(Rule(lose(True, False), operation="part", key="out/part-*", times=3))
    place.compact().must(0)
    place.check_whole(numbers)


@named("half a head")
async def half_a_head(exchange):
    await exchange.forward()
    await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await exchange.close()


def test_f09_lost_in_the_middle_of_headers(place):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(half_a_head, chance=0.3, times=20))
    place.compact().must(0)
    place.check_whole(numbers, clears=True)


@pytest.mark.parametrize("operation, key", [("head", "_regroup/_home"),
                                            ("put", "out/_regroup/_home"), ("put", "out/*")])
def test_f09_half_a_head_says_nothing(place, operation, key):
    """200 is all that comes, and nothing was done."""

    @named("half a head, for nothing")
    async def half(exchange):
        await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        await exchange.close()

    numbers = place.fill(files=3)
    place.proxy.add(Rule(half, operation=operation, key=key, times=2))
    place.compact().must(0)
    place.check_whole(numbers, clears=True)
    assert place.proxy.count(fault="half a head, for nothing") == 2


def test_f09_kept_connections_are_dead(place):
    """The server closes after each answer without saying so."""
    numbers = place.fill(**MANY)

    @named("close silently")
    async def close(exchange):
        await exchange.send(await exchange.forward())
        await exchange.close()

    place.proxy.add(Rule(close, times=None))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f10_and_f21_silence(place, server, binary):
    """F10: a black hole is left after 20 s. F21: completing an upload may be silent for longer."""
    numbers = place.fill(**MANY)
    place.proxy.add(
        Rule(stall(), operation="get", key="in/file 003.parquet", times=1),
        Rule(stall(at=100), operation="get", key="in/file 007.parquet", times=1),
        Rule(drip(24), operation="complete", key="out/part-*", times=1),
    )
    result = place.compact().must(0)
    assert result.seconds > 40
    place.check_whole(numbers)
    assert place.proxy.count(operation="complete", key="out/part-*") == 1


def test_f10_listings_that_take_long(place):
    """Longer than is waited for the first time."""
    numbers = place.fill([""], files=2)
    place.proxy.add(Rule(delay(25), operation="list", times=2))
    result = place.compact().must(0)
    assert result.seconds > 44
    place.check_whole(numbers)


def complete_once(body, forward=True):
    """Answers the completion of an upload with 200 and this body."""

    @named("complete")
    async def action(exchange):
        if forward:
            await exchange.forward()
        await exchange.send(Answer(200, [("Content-Type", "application/xml")], body))

    return action


@pytest.mark.parametrize("body, forward", [
    (b" \n \n" + xml_error("InternalError"), False),
    (b"  " + xml_error("SlowDown"), False),
    (b" \n" + xml_error("InternalError"), True),
    (b"", True),
    (b"<?xml version='1.0'?><CompleteMultipartUploadResult><ETag>", True),
    (b"<CompleteMultipartUploadResult/", False),
])
def test_f11_success_with_an_error_inside(place, body, forward):
    numbers = place.fill(**MANY)
    place.proxy.add(Rule(complete_once(body, forward), operation="complete", key="out/part-*"))
    place.compact().must(0)
    place.check_whole(numbers)


@pytest.mark.parametrize("reset", [False, True])
def test_f13_completed_but_the_answer_is_lost(place, reset):
    numbers = place.fill(**MANY)
    place.proxy.add(Rule(lose(reset), operation="complete", key="out/part-*", times=1))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f13_upload_gone_and_no_object(place):
    """Silence about a lost upload would be lost data."""
    numbers = place.fill(**MANY)

    @named("abort instead")
    async def abort(exchange):
        for upload in place.uploads():
            place.client.abort_multipart_upload(Bucket=place.bucket, Key=upload["Key"],
                                                UploadId=upload["UploadId"])
        await exchange.send(Answer(404, [], xml_error("NoSuchUpload")))

    place.proxy.add(Rule(abort, operation="complete", key="out/part-*", times=1))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f14_upload_cannot_be_created(place):
    place.fill(**MANY)
    place.proxy.add(Rule(refuse(503, "SlowDown"), operation="create", key="out/part-*",
                         times=None))
    result = place.compact(env=QUICK).must(75)
    assert "SlowDown" in result.err
    place.check_nothing()
    assert place.uploads() == []


def test_f14_one_partition_that_cannot_be_written_now_stops_no_other(place):
    numbers = place.fill(["p=1", "p=2", "p=3"], files=4)
    rule = Rule(refuse(500, "InternalError"), operation=("put", "create"), key="out/p=1/part-*",
                times=None)
    place.proxy.add(rule)
    result = place.compact("--jobs", "1", env=QUICK).must(75)
    assert result.err.count("p=1/") == 1 and "InternalError" in result.err
    assert len(place.data_keys("out/p=2")) == len(place.data_keys("out/p=3")) == 1
    place.proxy.rules.remove(rule)
    place.compact().must(0)
    place.check_whole(numbers)


def test_f14_a_store_that_is_away_for_all_ends_the_run(place):
    """Not partition by partition, each after all its attempts."""
    place.fill([f"p={number:02}" for number in range(40)], files=2)
    place.proxy.add(Rule(refuse(500, "InternalError"), operation=("put", "create"),
                         key="out/*/part-*", times=None))
    result = place.compact(env={"AWS_MAX_ATTEMPTS": "1"}).must(75)
    assert result.err.count("warning: ") == 16 and "InternalError" in result.err.splitlines()[-1]


def test_f15_error_in_the_middle_of_an_upload(place):
    place.fill(**MANY)
    place.proxy.add(Rule(refuse(400, "InvalidArgument"), operation="part", key="out/part-*",
                         times=None, skip=1))
    result = place.compact()
    assert result.status == 1 and "InvalidArgument" in result.err
    assert place.proxy.count(operation="complete", key="out/part-*") == 0
    place.check_nothing()
    assert place.uploads() == []


def test_f17_opaque_tags_of_parts(place):
    """They are what the store likes, and are given back to the letter."""
    numbers = place.fill(**MANY)
    real = {}

    def hide(answer, request):
        tag = f"opaque&<{len(real)}>-7"
        real[tag] = answer.header("etag")
        answer.set("ETag", tag)

    @named("translate")
    async def translate(exchange):
        ElementTree.register_namespace("", "http://s3.amazonaws.com/doc/2006-03-01/")
        root = ElementTree.fromstring(exchange.request.body)
        for element in root.iter():
            if element.tag.endswith("ETag"):
                element.text = real[element.text]
        exchange.request.body = ElementTree.tostring(root)
        sign_anew(exchange.request)
        await exchange.send(await exchange.forward())

    place.proxy.add(
        Rule(change(hide, "hide tag"), operation="part", key="out/part-*", times=None),
        Rule(translate, operation="complete", key="out/part-*", times=None),
    )
    place.compact().must(0)
    assert len(real) >= 3
    place.check_whole(numbers)


@pytest.mark.parametrize("key", ["out/dt*/part-*", "out/_regroup/dt*/_000001.json",
                                 "out/_regroup/_home"])
def test_f18_created_but_the_answer_is_lost(place, key):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(lose(), operation="put", key=key, times=1))
    place.compact().must(0)
    place.check_whole(numbers)
    records = [k for k in place.keys("out/_regroup") if k.endswith(".json")]
    assert len(records) == 2


def test_f18_somebody_elses_is_not_ours(place):
    """The same name with other bytes is found there: nothing is overwritten."""
    numbers = place.fill([""], files=3)
    place.compact(dest="first").must(0)
    taken = []

    @named("take the name first")
    async def take(exchange):
        place.put(exchange.request.key, b"PAR1 not what you think PAR1")
        taken.append(exchange.request.key)
        await exchange.send(await exchange.forward())

    place.proxy.add(Rule(take, operation="put", key="out/part-*", times=1))
    place.compact()
    assert place.get(taken[0]).startswith(b"PAR1 not")
    rest = [key for key in place.data_keys("out") if key != taken[0]]
    assert len(rest) == 1
    place.client.delete_object(Bucket=place.bucket, Key=taken[0])
    assert place.rows("out") == numbers


@pytest.mark.parametrize("operation, shape", [("put", {"files": 3}), ("complete", MANY)])
def test_f19_conflict(place, operation, shape):
    numbers = place.fill(**shape)
    place.proxy.add(Rule(refuse(409, "ConditionalRequestConflict"), operation=operation,
                         key="out/*part-*", times=2))
    place.compact().must(0)
    place.check_whole(numbers)


def ignore_conditions():
    return Rule(strip_request_header("if-none-match"), times=None,
                when=lambda request: request.header("if-none-match") != "")


def refuse_conditions():
    return Rule(refuse(501, "NotImplemented"), times=None,
                when=lambda request: request.header("if-none-match") != "")


@pytest.mark.parametrize("rule", [ignore_conditions, refuse_conditions])
def test_f20_no_conditional_writes(place, rule):
    numbers = place.fill(files=3)
    place.proxy.add(rule())
    result = place.regroup("compact", "--in-place", place.url("in")).must(2)
    assert "--alone" in result.err
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 6
    result = place.compact().must(0)
    assert "only if it is absent" in result.err
    assert place.rows("out") == numbers
    place.regroup("compact", "--in-place", "--alone", place.url("in")).must(0)
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 2


@not_sanitized
@pytest.mark.parametrize("offset", ["-40m", "+40m"])
def test_f22_clock(place, offset):
    library = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",)
                    if os.path.exists(p)), None)
    if library is None:
        pytest.skip("libfaketime is not installed (tools/setup/s3.sh)")
    numbers = place.fill(files=3)
    place.compact(env={"LD_PRELOAD": library, "FAKETIME": offset,
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1"}).must(0)
    refused = place.proxy.count(status=403)
    assert 1 <= refused <= 20
    place.check_whole(numbers)


@not_sanitized
@pytest.mark.parametrize("offset", ["-40m", "+40m"])
def test_f22_clock_and_head_first(place, offset):
    """A single file is looked at before anything is listed, and HEAD has no body to say why."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    if not os.path.exists(library):
        pytest.skip("libfaketime is not installed (tools/setup/s3.sh)")
    place.fill([""], files=1)
    place.regroup("inspect", place.url("in/file 000.parquet"), env={
        "LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}).must(0)
    assert place.proxy.log[0]["method"] == "HEAD" and place.proxy.count(status=403) == 1


@not_sanitized
@pytest.mark.parametrize("offset", ["+10m", "+40m"])
def test_f22_ages_are_by_the_clock_of_the_store(place, offset):
    """With ours, which is ahead, a young file is an old one."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    if not os.path.exists(library):
        pytest.skip("libfaketime is not installed (tools/setup/s3.sh)")
    ahead = {"LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    numbers = place.fill(files=3)
    result = place.compact("--min-age", "5m", env=ahead).must(0)
    assert "--min-age let through" in result.err and not place.data_keys("out")
    place.regroup("compact", "--in-place", "--grace", "5m", place.url("in")).must(0)
    count = len(place.data_keys("in"))
    place.regroup("compact", "--in-place", "--grace", "5m", place.url("in"), env=ahead).must(0)
    place.regroup("gc", "--older-than", "5m", place.url("in"), env=ahead).must(0)
    assert len(place.data_keys("in")) == count > 6
    place.regroup("compact", "--in-place", place.url("in"), env=ahead).must(0)
    assert len(place.data_keys("in")) == 2 and place.rows("in") == numbers


def test_f22_denied_is_no_clock(place):
    place.fill([""], files=1)
    place.proxy.add(Rule(refuse(403, headers=[("Date", time.strftime(
        "%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))]), method="HEAD", times=None))
    result = place.regroup("inspect", place.url("in/file 000.parquet")).must(1)
    # Each HEAD once: a listing between them is asked for the reason, and has none to tell.
    operations = [entry["operation"] for entry in place.proxy.log]
    assert "403" in result.err and operations == ["head", "list", "head"]


def test_f22_attempts_are_signed_anew(place):
    place.fill([""], files=1)
    place.proxy.add(Rule(refuse(503, "SlowDown"), operation="get", key=INPUT, times=3))
    place.compact().must(0)
    dates = [e["date"] for e in place.proxy.select(operation="get", key=INPUT)]
    signatures = {e["authorization"] for e in place.proxy.select(operation="get", key=INPUT)}
    assert len(dates) == 4 and dates == sorted(dates) and len(set(dates)) == len(signatures)


def test_f25_wrong_region(place):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(refuse(301, "PermanentRedirect",
                                [("x-amz-bucket-region", "eu-central-7")]), times=1))
    place.compact().must(0)
    regions = {e["authorization"].split("/")[2] for e in place.proxy.log[3:]}
    assert "eu-central-7" in regions
    assert place.proxy.log[1]["authorization"].split("/")[2] == "eu-central-7"
    place.check_whole(numbers)


def test_f25_without_retries(place):
    """To go where the bucket is is no retry; nor is to set the clock."""
    numbers = place.fill(files=1)
    place.proxy.add(Rule(refuse(301, "PermanentRedirect",
                                [("x-amz-bucket-region", "eu-central-7")]), times=1),
                    Rule(refuse(403, "RequestTimeTooSkewed", [
                        ("Date", email.utils.formatdate(usegmt=True))]), operation="get", times=1))
    place.compact(env={"AWS_MAX_ATTEMPTS": "1"}).must(0)
    place.check_whole(numbers)


def test_f25_region_in_the_body(place):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(refuse(400, "AuthorizationHeaderMalformed",
                                more="<Region>ap-south-9</Region>"), times=1))
    place.compact().must(0)
    assert place.proxy.log[1]["authorization"].split("/")[2] == "ap-south-9"
    place.check_whole(numbers)


def test_f25_region_and_head_first(place):
    """MinIO names the region in the body only, and HEAD has none."""
    place.fill([""], files=1)
    place.proxy.add(Rule(refuse(400, "AuthorizationHeaderMalformed",
                                more="<Region>ap-south-9</Region>"), times=None,
                         when=lambda r: "/ap-south-9/" not in r.header("authorization")))
    place.regroup("inspect", place.url("in/file 000.parquet")).must(0)
    assert place.proxy.count(status=400) == 2


@pytest.mark.parametrize("status", [301, 302, 307])
def test_f25_foreign_hosts_see_no_signature(place, status):
    place.fill(files=1)
    seen = []
    listener = socket.create_server(("127.0.0.1", 0))

    def listen():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            seen.append(connection.recv(4096))
            connection.close()

    threading.Thread(target=listen, daemon=True).start()
    target = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    place.proxy.add(Rule(refuse(status, "TemporaryRedirect", [("Location", target)]), times=None))
    result = place.compact()
    listener.close()
    assert result.status != 0 and "another host" in result.err
    assert seen == []
    assert len(place.proxy.log) <= 4


def test_f25_endless_redirects(place):
    place.fill(files=1)
    count = [0]

    @named("redirect")
    async def redirect(exchange):
        count[0] += 1
        await exchange.send(Answer(301, [("x-amz-bucket-region", f"region-{count[0]}")],
                                   xml_error("PermanentRedirect")))

    place.proxy.add(Rule(redirect, times=None))
    assert place.compact().status != 0
    assert count[0] <= 6


def test_f26_bucket_in_the_host_name(place, tmp_path):
    numbers = place.fill(files=3)
    (tmp_path / "config").write_text("[default]\ns3 =\n    addressing_style = virtual\n")
    place.endpoint = place.proxy.endpoint.replace("127.0.0.1", "localhost")
    place.compact(env={"AWS_CONFIG_FILE": str(tmp_path / "config")}).must(0)
    assert {e["host"] for e in place.proxy.log} == \
        {f"{place.bucket}.localhost:{place.proxy.port}"}
    place.check_whole(numbers)


def list_answer(function):
    """Changes listings of the inputs."""

    def edit(answer, request):
        if answer.status == 200:
            answer.body = function(answer.body.decode(), request).encode()

    return Rule(change(edit, "listing"), operation="list", query="prefix=in", times=None)


def test_f28_token_that_does_not_advance(place):
    place.fill([""], files=3)
    place.proxy.add(list_answer(lambda text, request: text.replace(
        "<IsTruncated>false</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")),)
    place.proxy.rules.insert(0, Rule(
        strip_request_header("nothing"), query="nothing", times=0))
    result = place.compact()
    assert result.status != 0
    place.check_nothing()


def test_f28_truncated_without_a_token(place):
    place.fill([""], files=3)
    place.proxy.add(list_answer(lambda text, request: text.replace(
        "<IsTruncated>false</IsTruncated>", "<IsTruncated>true</IsTruncated>")))
    result = place.compact().must(1)
    assert "no token" in result.err
    place.check_nothing()


def test_f28_empty_pages_and_repeated_prefixes(place):
    numbers = place.fill(files=3)
    empty = ('<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated>'
             "<NextContinuationToken>more</NextContinuationToken></ListBucketResult>")

    @named("pages")
    async def pages(exchange):
        request = exchange.request
        if "continuation-token" not in request.parameters:
            await exchange.send(Answer(200, [], empty.encode()))
            return
        # The test's own client asks for what the signature of this request does not hold for.
        prefix = request.parameters["prefix"][0]
        found = place.client.list_objects_v2(Bucket=place.bucket, Prefix=prefix, Delimiter="/")
        body = "<ListBucketResult><EncodingType>url</EncodingType>"
        for item in found.get("Contents", []) * 2:
            body += (f"<Contents><Key>{item['Key'].replace(' ', '+')}</Key><LastModified>"
                     f"{item['LastModified']:%Y-%m-%dT%H:%M:%S.000Z}</LastModified><ETag>"
                     f"{item['ETag']}</ETag><Size>{item['Size']}</Size></Contents>")
        for item in found.get("CommonPrefixes", []) * 2:
            body += f"<CommonPrefixes><Prefix>{item['Prefix']}</Prefix></CommonPrefixes>"
        body += "<IsTruncated>false</IsTruncated></ListBucketResult>"
        await exchange.send(Answer(200, [], body.replace("=", "%3D").encode()))

    place.proxy.add(Rule(pages, operation="list", query="prefix=in", times=None,
                         when=lambda request: "max-keys" not in request.query))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f29_order_of_listings(place):
    """Outputs do not depend on it."""
    place.fill(files=5)
    place.compact(dest="a").must(0)

    def shuffle(text, request):
        items = re.findall(r"<Contents>.*?</Contents>", text)
        rest = re.sub(r"<Contents>.*?</Contents>", "", text)
        return rest.replace("</ListBucketResult>", "".join(reversed(items)) +
                            "</ListBucketResult>")

    place.proxy.add(list_answer(shuffle))
    place.compact(dest="b").must(0)
    assert place.proxy.count(fault="listing") > 0
    assert [place.get(k) for k in place.data_keys("a")] == \
        [place.get(k) for k in place.data_keys("b")]


def test_f30_things_that_are_no_data(place):
    numbers = place.fill(["dt=1"], files=3)
    for key in ("in/", "in/dt=1/", "in/dt=1/_SUCCESS", "in/dt=1/.file 000.parquet.crc",
                "in/dt=1/notes.txt", "in/_temporary/0/x.parquet", "in/.hidden/x.parquet",
                "in/dt=1/x.parquet.tmp"):
        place.put(key, b"")
    place.compact().must(0)
    place.check_whole(numbers)


def test_f31_archived(place):
    numbers = place.fill([""], files=3)
    place.proxy.add(Rule(refuse(403, "InvalidObjectState"), operation="get",
                         key="in/file 001.parquet", times=None))
    result = place.compact().must(3)
    assert "file 001.parquet" in result.err and "InvalidObjectState" in result.err
    assert place.proxy.count(operation="get", key="in/file 001.parquet") == 1
    assert place.rows("out") == numbers[:500] + numbers[1000:]


def test_f32_denied_is_not_absent(place):
    """A ledger that may not be read is not an empty one."""
    place.fill([""], files=3)
    place.compact().must(0)
    before = place.keys()
    place.proxy.add(Rule(refuse(403, "AccessDenied"), operation=("get", "head"),
                         key="out/_regroup/*", times=None))
    result = place.compact()
    assert result.status == 1 and "403" in result.err
    assert place.keys() == before


def test_f32_abort_is_denied(place):
    """Then the upload stays, and nothing else happens."""
    place.fill(**MANY)
    place.proxy.add(
        Rule(refuse(400, "InvalidArgument"), operation="part", key="out/part-*", times=None,
             skip=1),
        Rule(refuse(403, "AccessDenied"), operation="abort", times=None),
    )
    result = place.compact()
    assert result.status == 1 and "InvalidArgument" in result.err
    place.check_nothing()


def test_f33_deletions_fail(place):
    """In place: sources go after the record; what could not go now goes next time."""
    numbers = place.fill(files=4)
    place.proxy.add(Rule(refuse(500, "InternalError"), operation="delete", key=INPUT, times=3),
                    Rule(refuse(403, "AccessDenied"), operation="delete", key=INPUT, times=1))
    place.regroup("compact", "--in-place", place.url("in"))
    place.proxy.clear()
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 2


@pytest.mark.parametrize("code", [412, 501])
def test_f33_conditional_deletions_refused(place, code):
    """As not known, or as not matching the tag that the store itself has just told; to several
    at once."""
    numbers = place.fill(files=8)
    refusal = refuse(code, "PreconditionFailed" if code == 412 else "NotImplemented")
    place.proxy.add(Rule(refusal, operation="delete", key=INPUT, times=None,
                         when=lambda r: r.header("if-match") != ""))
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 2
    assert place.proxy.count(status=code) >= 1


def test_f33_deleted_by_another_meanwhile(place):
    """412 is also what is said of an object that went between the look and the deletion."""
    numbers = place.fill(files=4)

    def gone(answer, request):
        return Answer(412, [], b"")

    place.proxy.add(Rule(change(gone, "gone"), operation="delete", key=INPUT, times=None))
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 2


def test_f34_checksum_headers(place):
    """AWS_REQUEST_CHECKSUM_CALCULATION=when_supported: CRC32C beside every body."""
    numbers = place.fill(**MANY)
    place.compact(env={"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported"}).must(0)
    place.check_whole(numbers)


def test_f34_checksum_headers_refused(place):
    numbers = place.fill(**MANY)
    place.proxy.add(Rule(refuse(501, "NotImplemented"), times=None,
                         when=lambda r: any("x-amz-checksum" in k.lower() for k, _ in r.headers)))
    place.compact(env={"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported"}).must(0)
    assert 1 <= place.proxy.count(status=501) < 20
    place.check_whole(numbers)


def make_certificates(folder):
    """A certificate authority and certificates: good, expired, of other hosts."""

    def run(*command):
        subprocess.run(["openssl", *command], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
        "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=test authority")
    for name, host, days in (("good", "IP:127.0.0.1", "30"), ("other", "DNS:elsewhere.test", "30"),
                             ("sts", "DNS:sts.amazonaws.com", "30"), ("old", "IP:127.0.0.1", "0")):
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=test")
        (folder / f"{name}.ext").write_text(f"subjectAltName={host}\n")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem")


@pytest.mark.parametrize("certificate, bundle, works", [
    ("good", "AWS_CA_BUNDLE", True), ("good", "SSL_CERT_FILE", True), ("good", None, False),
    ("other", "AWS_CA_BUNDLE", False), ("old", "AWS_CA_BUNDLE", False),
])
def test_f37_certificates(place, tmp_path, certificate, bundle, works):
    import fault_proxy

    make_certificates(tmp_path)
    if certificate == "old":
        time.sleep(1.1)
    numbers = place.fill(**MANY) if works else place.fill(files=2)
    tls = (tmp_path / f"{certificate}.pem", tmp_path / f"{certificate}.key")
    with fault_proxy.Proxy(place.server.endpoint, tls=tls) as proxy, Tunnel() as tunnel:
        place.endpoint = proxy.endpoint
        env = {bundle: str(tmp_path / "ca.pem")} if bundle else {}
        result = place.compact(env={**env, "https_proxy": tunnel.url})
        if works:
            result.must(0)
            assert len(proxy.log) > 10
            place.check_whole(numbers)
        else:
            # Not tried again: it would end the same way.
            assert result.status != 0 and len(tunnel.asked) <= 2
            said = {"good": "AWS_CA_BUNDLE", "other": "match", "old": "expired"}[certificate]
            assert "certificate" in result.err.lower() and said in result.err
            assert proxy.log == []


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "502 Bad Gateway"])
def test_f37_proxy_refuses(place, status):
    place.fill(files=1)
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            asked.append(connection.recv(4096))
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    place.endpoint = "https://s3.example.test"
    result = place.compact(env={"https_proxy": proxy, **QUICK})
    listener.close()
    assert result.status != 0
    assert f"the proxy answered {status[:3]} to CONNECT" in result.err
    # Who is not let through will not be the next time either.
    assert len(asked) == (1 if status[0] == "4" else int(QUICK["AWS_MAX_ATTEMPTS"]))


class Tunnel:
    """A proxy that only knows CONNECT; `asked` has the targets, and `instead` is where it leads.
    With a target: no proxy but a way there that takes some seconds to open."""

    def __init__(self, target=None, seconds=0, instead=None):
        self.asked = []
        self.instead = instead
        self.target = target
        self.seconds = seconds
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            target = self.target
            if target is None:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += near.recv(4096)
                target = head.split()[1].decode()
            self.asked.append(target)
            time.sleep(self.seconds)
            host, _, port = target.rpartition(":")
            far = socket.create_connection(self.instead or (host, int(port)))
            if self.target is None:
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=ends, daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.mark.parametrize("excepted", [False, True])
def test_f37_through_a_proxy(place, tmp_path, excepted):
    """TLS through a tunnel, by https_proxy; none for hosts that no_proxy names."""
    import fault_proxy

    make_certificates(tmp_path)
    numbers = place.fill(files=3)
    tls = (tmp_path / "good.pem", tmp_path / "good.key")
    with fault_proxy.Proxy(place.server.endpoint, tls=tls) as proxy, Tunnel() as tunnel:
        place.endpoint = proxy.endpoint
        env = {"AWS_CA_BUNDLE": str(tmp_path / "ca.pem"), "https_proxy": tunnel.url}
        place.compact(env={**env, **({"no_proxy": "127.0.0.1"} if excepted else {})}).must(0)
        assert set(tunnel.asked) == (set() if excepted else {f"127.0.0.1:{proxy.port}"})
        assert len(proxy.log) > 10
        place.check_whole(numbers)


def test_f38_ipv6(place):
    import fault_proxy

    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("no IPv6 on loopback")
    numbers = place.fill(files=3)
    with fault_proxy.Proxy(place.server.endpoint, host="::1") as proxy:
        place.endpoint = proxy.endpoint
        assert place.endpoint.startswith("http://[::1]:")
        place.compact().must(0)
        # What was signed is what was sent: the host in brackets, with its port.
        assert {e["host"] for e in proxy.log} == {f"[::1]:{proxy.port}"}
    place.check_whole(numbers)


def test_f38_no_such_host(place):
    place.fill(files=1)
    place.endpoint = "http://no-such-host.invalid"
    result = place.compact(env=QUICK)
    assert result.status != 0 and "resolve" in result.err


RESOLVER = r"""
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    static atomic_int count;
    resolve *next = (resolve *)dlsym(RTLD_NEXT, "getaddrinfo");

    if (name != NULL && strcmp(name, "regroup-test-server") == 0) {
        if (atomic_fetch_add(&count, 1) < 4)
            return EAI_AGAIN;
        name = "127.0.0.1";
    }
    return next(name, service, hints, ret);
}
"""


@not_sanitized
def test_f38_name_service_away_for_a_moment(place, tmp_path):
    """libcurl tells it as it tells of a name that does not exist."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    (tmp_path / "resolver.c").write_text(RESOLVER)
    subprocess.run([compiler, "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", tmp_path / "resolver.so",
                    tmp_path / "resolver.c", "-ldl"], check=True)
    place.fill([""], files=1)

    @named("host by number")  # Of other names the server thinks that they are a bucket's.
    async def by_number(exchange):
        request = exchange.request
        request.headers = [(k, v.replace("regroup-test-server", "127.0.0.1"))
                           for k, v in request.headers]
        sign_anew(request)
        await exchange.send(await exchange.forward())

    place.proxy.add(Rule(by_number, times=None))
    place.endpoint = place.proxy.endpoint.replace("127.0.0.1", "regroup-test-server")
    place.regroup("inspect", place.url("in/file 000.parquet"),
                  env={"LD_PRELOAD": str(tmp_path / "resolver.so")}).must(0)


def test_f38_dead_address_first(place):
    """localhost is ::1 and 127.0.0.1; only one of them answers."""
    numbers = place.fill(files=2)
    place.endpoint = place.proxy.endpoint.replace("127.0.0.1", "localhost")
    place.compact().must(0)
    place.check_whole(numbers)


def test_f38_slow_handshake(place, tmp_path):
    """Longer than a first attempt waits for a connection, as when a name server is dead."""
    import fault_proxy

    make_certificates(tmp_path)
    place.fill([""], files=1)
    tls = (tmp_path / "good.pem", tmp_path / "good.key")
    with fault_proxy.Proxy(place.server.endpoint, tls=tls) as proxy, \
            Tunnel(seconds=6, target=f"127.0.0.1:{proxy.port}") as tunnel:
        place.endpoint = tunnel.url.replace("http:", "https:")
        place.regroup("inspect", place.url("in/file 000.parquet"),
                      env={"AWS_CA_BUNDLE": str(tmp_path / "ca.pem")}).must(0)
        assert len(tunnel.asked) >= 2 and len(proxy.log) >= 1


def test_f38_nobody_listens(place):
    place.fill(files=1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place.endpoint = f"http://127.0.0.1:{port}"
    result = place.compact(env=QUICK).must(75)
    assert "connect" in result.err.lower()


@pytest.mark.parametrize("seconds, is_whole", [(1, True), (2, False)])
def test_times_of_listings_and_of_objects_differ(place, seconds, is_whole):
    """By a second where one is rounded up and one down, as by Swift; else it was changed."""
    numbers = place.fill(files=3)

    def round_up(answer, request):
        then = answer.header("last-modified")
        if then:
            later = email.utils.parsedate_to_datetime(then).timestamp() + seconds
            answer.set("Last-Modified", email.utils.formatdate(later, usegmt=True))

    place.proxy.add(Rule(change(round_up, "round up"), operation=("get", "head"), times=None))
    if not is_whole:
        assert "it was changed" in place.compact().must(3).err
        return
    place.compact().must(0)
    assert place.rows("out") == numbers
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 2
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    assert place.rows("in") == numbers and len(place.data_keys("in")) == 2


def test_an_output_that_is_shorter_than_its_listing_says(place):
    """And ends like a file of more bytes than it has: it is not asked for those for ever."""
    place.fill([""], files=3)
    place.compact().must(0)
    (key,) = place.data_keys("out")
    body = b"PAR1" + bytes(14) + (100000).to_bytes(4, "little") + b"PAR1"
    place.put(key, body)

    def lengthen(answer, request):
        answer.body = answer.body.replace(f"<Size>{len(body)}<".encode(), b"<Size>1000000<")
        answer.set("Content-Length", str(len(answer.body)))

    place.proxy.add(Rule(change(lengthen, "lengthen"), operation="list", times=None))
    result = place.compact(timeout=30).must(1)
    assert "is not the output that record 1 names" in result.err


def test_f39_content_encoding(place):
    """Bytes are taken as they are, whatever a proxy calls them."""
    numbers = place.fill(files=3)
    place.proxy.add(Rule(change(lambda answer, request: answer.set("Content-Encoding", "gzip"),
                                "gzip"), operation="get", key=INPUT, times=None))
    place.compact().must(0)
    place.check_whole(numbers)


@named("odd framing")
async def odd_framing(exchange):
    """1xx answers before, headers in lower case, chunks with extensions, a trailer."""
    answer = await exchange.forward()
    head = b"HTTP/1.1 102 Processing\r\n\r\n" * 20 + b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    head += f"HTTP/1.1 {answer.status} \r\n".encode()
    for name, value in answer.headers:
        if name.lower() not in ("content-length", "transfer-encoding"):
            head += f"{name.lower()}:{value}\r\n".encode("latin-1")
    head += b"x-padding: " + b"p" * 9000 + b"\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b""
    for at in range(0, len(answer.body), 1000):
        piece = answer.body[at : at + 1000]
        body += b'%X;name="val;ue"\r\n' % len(piece) + piece + b"\r\n"
    await exchange.write(head + body + b"0\r\nx-trailer: y\r\n\r\n")
    exchange.entry["status"] = answer.status


def test_f40_odd_framing(place):
    numbers = place.fill(files=3)
    place.proxy.add(Rule(odd_framing, operation=("get", "list"), times=None))
    place.compact().must(0)
    place.check_whole(numbers)


def test_f40_hostile_answers(place):
    """Endless headers, an endless error, an XML bomb: bounded memory and a clear error."""
    place.fill(files=2)

    @named("endless headers")
    async def headers(exchange):
        await exchange.write(b"HTTP/1.1 200 OK\r\n")
        for i in range(20000):
            await exchange.write(b"x-%d: %s\r\n" % (i, b"y" * 1000))
        await exchange.close()

    @named("endless error")
    async def error(exchange):
        await exchange.write(b"HTTP/1.1 400 X\r\nContent-Length: 1073741824\r\n\r\n<Error>")
        for _ in range(1024):
            await exchange.write(b" " * (1 << 20))
        await exchange.close()

    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
    ) + b"]><ListBucketResult><Name>&j;</Name></ListBucketResult>"
    for rule in (
        Rule(headers, operation="list", times=None),
        Rule(error, operation="list", times=None),
        Rule(refuse(200, body=bomb), operation="list", times=None),
        Rule(refuse(200, body=b"<a>" * 100000), operation="list", times=None),
        Rule(refuse(200, body=b"<ListBucketResult><Contents><Key>" + b"k" * 5000000),
             operation="list", times=None),
    ):
        place.proxy.clear()
        place.proxy.add(rule)
        result = place.compact(env=QUICK, timeout=60)
        assert result.status != 0 and result.err.startswith("error:"), result.err
        place.check_nothing()


def test_f41_bounded_attempts(place):
    place.fill([""], files=2)
    place.proxy.add(Rule(refuse(503, "SlowDown"), operation="get", key=INPUT, times=None))
    place.compact(env={"AWS_MAX_ATTEMPTS": "4"}).must(75)
    for key in {e["key"] for e in place.proxy.select(status=503)}:
        assert 1 <= place.proxy.count(key=key.replace("[", "[[]"), status=503) <= 4
    place.check_nothing()


def test_f41_retry_after(place):
    numbers = place.fill([""], files=2)
    place.proxy.add(Rule(refuse(503, "SlowDown", [("Retry-After", "2")]), operation="get",
                         key=INPUT, times=1))
    result = place.compact().must(0)
    assert result.seconds >= 2
    refused = place.proxy.select(status=503)[0]
    again = place.proxy.select(operation="get", key=refused["key"])[1]
    assert again["time"] - refused["time"] >= 1.9
    place.check_whole(numbers)


@pytest.mark.parametrize("seed", range(4))
def test_everything_at_once(place, seed):
    """A tenth of all requests goes wrong in one of many ways."""
    numbers = place.fill([f"p={i}" for i in range(3)], files=8, rows=2000, wide=2)
    place.proxy.draw.seed(seed)
    for action in (refuse(503, "SlowDown"), refuse(500, "InternalError"), lose(), lose(True),
                   lose(False, False), cut(0.5), cut(0.3, "chunked"), refuse(502, body=b"<html>"),
                   delay(0.05)):
        place.proxy.add(Rule(action, chance=0.02, times=None))
    in_place = seed % 2 == 1
    if in_place:
        place.regroup("compact", "--in-place", place.url("in")).must(0)
    else:
        place.compact().must(0)
    place.proxy.rules = []
    home = "in" if in_place else "out"
    place.check_whole(numbers, source="in", dest=home, clears=True)
