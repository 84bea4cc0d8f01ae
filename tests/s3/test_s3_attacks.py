# SPDX-License-Identifier: Apache-2.0

"""What happens between two requests: killed there, overtaken there, out of credentials there.

Each test takes every write of a run in turn (or many of them) and does its worst at that moment.
"""

import asyncio
import collections
import os
import random
import signal
import time

import pytest

import s3_server
from fault_proxy import Answer, Rule, kill, named, refuse, stall, xml_error
from test_s3_credentials import FIRST, SECOND, counting_program, document, files, used_keys

WRITES = ("put", "create", "part", "complete", "abort", "delete")
# Two partitions: one output is put whole, the other sent in parts.
SMALL = {"partitions": ["p=1"], "files": 4, "rows": 300}
LARGE = {"partitions": ["p=2"], "files": 16, "rows": 12000, "wide": 6}


def fill_both(place, files=16):
    """Numbers of both partitions in order; the second one is an upload of two parts."""
    first = place.fill(**SMALL)
    second = place.fill(**{**LARGE, "files": files})
    return first + second


def is_write(request):
    return request.operation in WRITES and not request.key.startswith("other/")


def command_of(place, in_place):
    return ["compact", "--in-place", place.url("in")] if in_place else \
        ["compact", place.url("in"), place.url("out")]


def home_of(in_place):
    return "in" if in_place else "out"


def clear(place):
    for key in place.keys():
        place.client.delete_object(Bucket=place.bucket, Key=key)
    for upload in place.uploads():
        place.client.abort_multipart_upload(Bucket=place.bucket, Key=upload["Key"],
                                            UploadId=upload["UploadId"])


def check_rows(place, numbers, home):
    """Each row once; gc leaves nothing of an upload, and takes nothing away."""
    assert place.rows(home) == numbers
    place.regroup("gc", place.url(home), "--older-than", "0s").must(0)
    assert place.uploads() == []
    assert place.rows(home) == numbers
    listed = place.regroup("list", place.url(home)).must(0).out.splitlines()
    assert sorted(listed) == sorted(key[len(home) + 1:] for key in place.data_keys(home))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("in_place", [False, True])
def test_killed_at_each_write(place, in_place, after):
    """F16: SIGKILL before or after the store has done the n-th write, for every n."""
    numbers = fill_both(place)
    inputs = {key: place.get(key) for key in place.keys("in")}
    moment = 0
    while True:
        clear(place)
        for key, body in inputs.items():
            place.put(key, body)
        victim = []
        place.proxy.clear()
        place.proxy.add(Rule(kill(victim, after), when=is_write, skip=moment))
        victim.append(place.start(*command_of(place, in_place)))
        victim[0].communicate(timeout=100)
        was_killed = place.proxy.count(fault="kill") > 0
        place.proxy.clear()
        place.regroup(*command_of(place, in_place)).must(0)
        check_rows(place, numbers, home_of(in_place))
        if not was_killed:
            break
        moment += 1
    # Probes, intents, two parts and their ends, two records.
    assert moment >= 8


def test_killed_within_an_upload(place):
    """F16: after the first part; what is left is seen by nobody, and the next run is whole."""
    numbers = fill_both(place)
    victim = []
    place.proxy.add(Rule(kill(victim), operation="part", key="out/p=2/*"))
    victim.append(place.start(*command_of(place, False)))
    victim[0].communicate(timeout=100)
    assert len(place.uploads()) == 1 and place.rows("out") in ([], numbers[:1200])
    place.regroup(*command_of(place, False)).must(0)
    check_rows(place, numbers, "out")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("in_place", [False, True])
def test_overtaken_at_each_write(place, in_place, after):
    """F36: a run stands still before or after its n-th write, another does all, then it goes on."""
    numbers = fill_both(place)
    inputs = {key: place.get(key) for key in place.keys("in")}
    moment = 0
    while True:
        clear(place)
        for key, body in inputs.items():
            place.put(key, body)
        state = {}

        @named("hold")
        async def hold(exchange):
            answer = await exchange.forward() if after else None
            loop = asyncio.get_running_loop()
            # The other one goes past the proxy.
            place.endpoint, held = place.server.endpoint, place.endpoint
            try:
                state["other"] = await loop.run_in_executor(
                    None, lambda: place.regroup(*command_of(place, in_place)))
            finally:
                place.endpoint = held
            await exchange.send(answer or await exchange.forward())

        place.proxy.clear()
        place.proxy.add(Rule(hold, when=is_write, skip=moment))
        first = place.regroup(*command_of(place, in_place))
        assert first.status in (0, 75), first.err
        if "other" in state:
            state["other"].must(0)
        place.proxy.clear()
        place.regroup(*command_of(place, in_place)).must(0)
        check_rows(place, numbers, home_of(in_place))
        if "other" not in state:
            break
        moment += 1
    assert moment >= 8


@pytest.mark.parametrize("seed", range(4))
def test_two_copies_in_place(place, seed):
    """F36: the same job twice at once, where each deletes what it has taken."""
    numbers = place.fill([f"p={i}" for i in range(3)], files=5)
    draw = random.Random(seed)

    @named("dawdle")
    async def dawdle(exchange):
        await asyncio.sleep(draw.uniform(0, 0.03))
        await exchange.send(await exchange.forward())

    place.proxy.add(Rule(dawdle, times=None))
    both = [place.start("compact", "--in-place", place.url("in")) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=100)
        assert process.returncode in (0, 75), err.decode(errors="replace")
    place.proxy.clear()
    place.regroup("compact", "--in-place", place.url("in")).must(0)
    check_rows(place, numbers, "in")


@pytest.mark.parametrize("operation", ["get", "list", "head", *WRITES])
def test_expired_at_each_kind_of_request(place, tmp_path, operation):
    """F23: the first credentials are good for nothing but what came before this kind."""
    numbers = fill_both(place)
    env = files(tmp_path, counting_program(tmp_path, [document(FIRST), document(SECOND)]))
    body = b"" if operation == "head" else None
    place.proxy.add(Rule(
        refuse(400, "ExpiredToken", body=body), times=None,
        when=lambda r: r.operation == operation and FIRST[0] in r.header("authorization")))
    place.regroup(*command_of(place, True), env=env).must(0)
    assert operation == "abort" or used_keys(place) == {FIRST[0], SECOND[0]}
    assert int((tmp_path / "count").read_text()) == (1 if operation == "abort" else 2)
    place.proxy.clear()
    check_rows(place, numbers, "in")


def test_expired_for_good_in_the_middle_of_an_upload(place, tmp_path):
    """F23: nothing can be got any more: named, nothing published, and no attempt after attempt."""
    fill_both(place)
    env = files(tmp_path, credentials=f"[default]\naws_access_key_id = {FIRST[0]}\n"
                f"aws_secret_access_key = {FIRST[1]}\n")
    expired = []

    def has_begun(request):
        if request.operation == "part":
            expired.append(request)
        return len(expired) > 1

    place.proxy.add(Rule(refuse(403, "ExpiredToken"), times=None, when=has_begun))
    result = place.compact(env=env)
    assert result.status == 1 and "expired" in result.err
    # One for each thread that was sending; what ends the upload is refused too.
    assert place.proxy.count(operation="part", status=403) <= 8
    assert s3_server.SECRET_KEY not in result.err
    assert place.rows("out") == [] or place.rows("out") == list(range(1200))
    assert place.proxy.count(operation="complete") <= 1  # The probe's.


def test_slow_bodies(place):
    """F10: what moves, however slowly, is no stall."""
    numbers = place.fill([""], files=3, rows=3000)

    @named("trickle")
    async def trickle(exchange):
        answer = await exchange.forward()
        head = f"HTTP/1.1 {answer.status} X\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in answer.headers)
        await exchange.write(head.encode("latin-1") + b"\r\n")
        for at in range(0, len(answer.body), 1000):
            await exchange.write(answer.body[at : at + 1000])
            await asyncio.sleep(0.2)
        exchange.entry["status"] = answer.status

    place.proxy.add(Rule(trickle, operation="get", key="in/*", times=None))
    place.compact().must(0)
    place.check_whole(numbers)
    keys = [e["key"] for e in place.proxy.select(fault="trickle")]
    assert len(keys) == len(set(keys)) == 3


@pytest.mark.parametrize("code", ["InternalError", "SlowDown", "RequestTimeout"])
def test_completion_that_never_works(place, code):
    """F11: 200 with an error inside, each time: named, and the upload is given up."""
    fill_both(place)

    @named("error inside")
    async def error(exchange):
        await exchange.send(Answer(200, [], b"  \n" + xml_error(code)))

    place.proxy.add(Rule(error, operation="complete", key="out/p=2/*", times=None))
    result = place.compact(env={"AWS_MAX_ATTEMPTS": "3"})
    assert result.status != 0 and code in result.err
    assert place.rows("out") in ([], list(range(1200)))
    assert place.uploads() == []
    assert place.proxy.count(fault="error inside") <= 9


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_within_an_upload(place, number):
    """Asked to end, it aborts what it has begun, and says so by its status."""
    numbers = fill_both(place)
    victim = []

    @named("interrupt")
    async def interrupt(exchange):
        answer = await exchange.forward()
        os.kill(victim[0].pid, number)
        await asyncio.sleep(0.3)
        await exchange.send(answer)

    place.proxy.add(Rule(interrupt, operation="part", key="out/p=2/*"))
    victim.append(place.start(*command_of(place, False)))
    victim[0].communicate(timeout=100)
    assert victim[0].returncode == 130
    assert place.uploads() == []
    place.proxy.clear()
    place.regroup(*command_of(place, False)).must(0)
    check_rows(place, numbers, "out")


def test_interrupted_twice_and_nobody_answers(place):
    """The second time it stops: the aborting of uploads is not waited for as long as work is."""
    fill_both(place)
    victim = []

    @named("interrupt")
    async def interrupt(exchange):
        os.kill(victim[0].pid, signal.SIGINT)
        await asyncio.sleep(0.5)
        os.kill(victim[0].pid, signal.SIGINT)
        await asyncio.sleep(3600)

    place.proxy.add(Rule(interrupt, operation="part", key="out/p=2/*"),
                    Rule(stall(), operation=("part", "abort"), key="out/p=2/*", times=None))
    victim.append(place.start(*command_of(place, False)))
    try:
        victim[0].communicate(timeout=60)
    finally:
        victim[0].kill()
    assert victim[0].returncode == 130
    assert 1 <= place.proxy.count(operation="abort") <= 2


@pytest.mark.parametrize("operation, key, skips", [
    ("list", "*", 0), ("list", "*", 2), ("get", "in/*.parquet", 0), ("get", "out/*.json", 0),
])
def test_verify_is_interrupted_and_nobody_answers(place, operation, key, skips):
    """Whatever it waits for, from the first listing on: it ends as one that was asked to."""
    fill_both(place)
    place.compact().must(0)
    place.proxy.clear()
    victim = []
    seen = []

    @named("interrupt")
    async def interrupt(exchange):
        seen.append(exchange)
        if len(seen) <= skips:
            return await exchange.send(await exchange.forward())
        if len(seen) == skips + 1:
            os.kill(victim[0].pid, signal.SIGINT)
        await asyncio.sleep(3600)

    place.proxy.add(Rule(interrupt, operation=operation, key=key, times=None))
    begin = time.monotonic()
    victim.append(place.start("verify", place.url("in"), place.url("out")))
    try:
        _, err = victim[0].communicate(timeout=30)
    finally:
        victim[0].kill()
    assert len(seen) > skips
    assert victim[0].returncode == 130, err
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("operation, key", [
    ("put", "out/p=1/part-*"), ("complete", "out/p=2/part-*"), ("put", "out/_regroup/p=1/*.json"),
    ("put", "out/_regroup/p=1/*.intent"), ("put", "out/_regroup/_home"),
])
def test_yes_is_said_and_nothing_done(place, operation, key):
    """A store that lies: 200, and no object. The next run at the latest is whole."""
    numbers = fill_both(place)
    document = b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"

    @named("lie")
    async def lie(exchange):
        body = document if operation == "complete" else b""
        await exchange.send(Answer(200, [("ETag", '"00000000000000000000000000000000"')], body))

    place.proxy.add(Rule(lie, operation=operation, key=key))
    place.compact()
    assert not collections.Counter(place.rows("out")) - collections.Counter(numbers)
    lied = place.proxy.count(fault="lie")
    assert lied == 1
    place.proxy.clear()
    place.compact().must(0)
    check_rows(place, numbers, "out")
