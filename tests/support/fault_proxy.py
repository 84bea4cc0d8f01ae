#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""A proxy before an S3 server that does wrong on purpose, by script, and logs every request.

    with Proxy(server.endpoint) as proxy:
        proxy.add(Rule(cut(1000), method="GET", key="*.parquet", times=1))
        ... a client works on proxy.endpoint ...
        assert proxy.count(method="GET", key="*/x.parquet") == 2

It forwards Host and all headers untouched, so signatures made for its own address hold. Requests
and answers are read whole before they go on. Rules are tried in order; the first that matches acts.
What chance there is comes from a seed. `proxy.log` has a dict for each request (method, key, query,
status, fault, range, sent bytes, ...), `proxy.save(path)` writes them as JSON lines.

As a program: fault_proxy.py UPSTREAM [--port P] [--latency MS] [--errors PERCENT] [--seed N]
"""

import argparse
import asyncio
import fnmatch
import json
import os
import random
import signal
import socket
import ssl
import struct
import threading
import time
import urllib.parse


class Request:
    def __init__(self, number, method, target, headers, body):
        self.number = number
        self.method = method
        self.target = target
        self.headers = headers  # (name, value) pairs.
        self.body = body
        path, _, self.query = target.partition("?")
        decoded = urllib.parse.unquote(path, errors="surrogateescape")
        self.bucket, _, self.key = decoded.lstrip("/").partition("/")
        self.parameters = urllib.parse.parse_qs(self.query, keep_blank_values=True)

    def header(self, name, default=""):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return default

    @property
    def operation(self):
        """What S3 calls it."""
        if "uploads" in self.parameters:
            return "create" if self.method == "POST" else "list-uploads"
        if "uploadId" in self.parameters:
            return {"PUT": "part", "POST": "complete", "DELETE": "abort"}.get(self.method, "parts")
        if not self.key:
            return "list" if self.method == "GET" else self.method.lower()
        return self.method.lower()


class Answer:
    def __init__(self, status, headers=(), body=b"", reason="X"):
        self.status = status
        self.headers = list(headers)
        self.body = body
        self.reason = reason

    def header(self, name, default=""):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return default

    def set(self, name, value):
        """Replaces a header; None takes it away."""
        self.headers = [(k, v) for k, v in self.headers if k.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))


class Exchange:
    """One request in the hands of an action."""

    def __init__(self, proxy, request, reader, writer, entry):
        self.proxy = proxy
        self.request = request
        self.reader = reader
        self.writer = writer
        self.entry = entry
        self.keeps = True  # The connection goes on afterwards.

    async def forward(self):
        """Asks upstream; the answer is whole."""
        self.entry["upstream"] = True
        answer = await self.proxy.ask_upstream(self.request)
        self.entry["upstream_status"] = answer.status
        return answer

    async def send(self, answer, cut=None, framing="length", reset=False):
        """Sends an answer; of the body only `cut` bytes, then closes."""
        request = self.request
        is_head = request.method == "HEAD"
        body = b"" if is_head else answer.body
        headers = [(k, v) for k, v in answer.headers
                   if k.lower() not in ("transfer-encoding", "connection", "keep-alive")]
        if not is_head:
            headers = [(k, v) for k, v in headers if k.lower() != "content-length"]
            if framing == "length" and answer.status not in (204, 304):
                headers.append(("Content-Length", str(len(body))))
            elif framing == "chunked":
                headers.append(("Transfer-Encoding", "chunked"))
        self.entry["status"] = answer.status
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in headers)
        if framing == "none":
            head += "Connection: close\r\n"
        sent = body if cut is None else body[:cut]
        if framing == "chunked":
            sent = b"%x\r\n" % len(body) + sent if body else b""
            if cut is None:
                sent += b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n"
        await self.write(head.encode("latin-1") + b"\r\n" + sent)
        self.entry["sent"] = len(sent)
        if cut is not None or framing == "none" or reset:
            await self.close(reset)

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def close(self, reset=False):
        self.keeps = False
        if reset:
            self.reset_now()
        else:
            self.writer.close()

    def reset_now(self):
        raw = self.writer.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.keeps = False


# Actions: coroutines that take an exchange. Their `fault` is what the log calls them.


def named(name):
    def wrap(action):
        action.fault = name
        return action

    return wrap


async def passing(exchange):
    await exchange.send(await exchange.forward())


passing.fault = ""


def xml_error(code, message="said the test", more=""):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
        f"<Message>{message}</Message>{more}<RequestId>T</RequestId></Error>"
    ).encode()


def refuse(status, code="", headers=(), body=None, more=""):
    """Answers by itself; upstream sees nothing."""

    @named(f"refuse {status} {code}")
    async def action(exchange):
        text = body if body is not None else xml_error(code, more=more) if code else b""
        await exchange.send(Answer(status, [("Content-Type", "application/xml"), *headers], text))

    return action


def cut(at, framing="length", reset=False):
    """The answer's body ends after `at` bytes (a share of it if below 1)."""

    @named(f"cut {at} {framing}{' reset' if reset else ''}")
    async def action(exchange):
        answer = await exchange.forward()
        count = int(len(answer.body) * at) if isinstance(at, float) else at
        await exchange.send(answer, cut=min(count, max(len(answer.body) - 1, 0)),
                            framing=framing, reset=reset)

    return action


def lose(reset=False, after=True):
    """The connection ends without an answer, after (or before) upstream has carried it out."""

    @named(f"lose {'after' if after else 'before'}{' reset' if reset else ''}")
    async def action(exchange):
        if after:
            await exchange.forward()
        await exchange.close(reset)

    return action


def kill(victim, after=True):
    """SIGKILL to victim[0], after (or before) upstream has carried the request out."""

    @named("kill")
    async def action(exchange):
        if after:
            await exchange.forward()
        os.kill(victim[0].pid, signal.SIGKILL)
        await exchange.close()

    return action


def change(function, name="change"):
    """Upstream's answer, changed by function(answer, request)."""

    @named(name)
    async def action(exchange):
        answer = await exchange.forward()
        replaced = function(answer, exchange.request)
        await exchange.send(replaced if replaced is not None else answer)

    return action


def flip_bit(at=0.5):
    def flip(answer, request):
        body = bytearray(answer.body)
        if body:
            body[int(len(body) * at)] ^= 4
        answer.body = bytes(body)

    return change(flip, "flip bit")


def sign_anew(request):
    """The test server's own signature, after headers or body were changed."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    import s3_server

    dropped = ("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token",
               "content-length", "expect", "connection")
    headers = {k: v for k, v in request.headers if k.lower() not in dropped}
    url = f"http://{request.header('host')}{request.target}"
    copy = AWSRequest(method=request.method, url=url, headers=headers, data=request.body)
    copy.context["payload_signing_enabled"] = True
    credentials = Credentials(s3_server.ACCESS_KEY, s3_server.SECRET_KEY)
    S3SigV4Auth(credentials, "s3", s3_server.REGION).add_auth(copy)
    request.headers = [(k, v) for k, v in copy.headers.items() if k.lower() != "content-length"]
    if request.body or request.method in ("PUT", "POST"):
        request.headers.append(("Content-Length", str(len(request.body))))


def strip_request_header(name):
    """Upstream does not see a header; so it does what it would without."""

    @named(f"without {name}")
    async def action(exchange):
        request = exchange.request
        request.headers = [(k, v) for k, v in request.headers if k.lower() != name]
        sign_anew(request)
        await exchange.send(await exchange.forward())

    return action


def delay(seconds, then=passing):
    @named(f"delay {seconds}")
    async def action(exchange):
        await asyncio.sleep(seconds)
        await then(exchange)

    return action


def stall(seconds=3600, at=None):
    """Sends `at` bytes of the answer's body (None: not even a head), then nothing for long."""

    @named("stall")
    async def action(exchange):
        answer = await exchange.forward()
        if at is not None:
            head = f"HTTP/1.1 {answer.status} X\r\n"
            head += "".join(f"{k}: {v}\r\n" for k, v in answer.headers)
            await exchange.write(head.encode("latin-1") + b"\r\n" + answer.body[:at])
        await asyncio.sleep(seconds)
        await exchange.close()

    return action


def drip(seconds, every=1.0):
    """The head at once, then blanks, then the body: what S3 does while it completes an upload."""

    @named("drip")
    async def action(exchange):
        await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await exchange.write(b"1\r\n \r\n")
            await asyncio.sleep(every)
        answer = await exchange.forward()
        body = answer.body.replace(b'<?xml version="1.0" encoding="UTF-8"?>', b"")
        await exchange.write(b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
        exchange.entry["status"] = answer.status

    return action


class Rule:
    """Which requests an action is for: `times` of them (None: all), after the first `skip`."""

    def __init__(self, action, method=None, operation=None, key=None, query=None, times=1, skip=0,
                 chance=None, when=None):
        self.action = action
        self.method = method
        self.operation = operation
        self.key = key
        self.query = query
        self.times = times
        self.skip = skip
        self.chance = chance
        self.when = when
        self.hits = 0

    def takes(self, request, draw):
        operations = (self.operation,) if isinstance(self.operation, str) else self.operation
        if self.method is not None and request.method != self.method:
            return False
        if operations is not None and request.operation not in operations:
            return False
        if self.key is not None and not fnmatch.fnmatchcase(request.key, self.key):
            return False
        if self.query is not None and self.query not in request.query:
            return False
        if self.when is not None and not self.when(request):
            return False
        if self.chance is not None and draw.random() >= self.chance:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


class Proxy:
    def __init__(self, upstream, seed=1, latency=0.0, tls=None, port=0, host="127.0.0.1"):
        parts = urllib.parse.urlsplit(upstream)
        self.upstream = (parts.hostname, parts.port or 80)
        self.draw = random.Random(seed)
        self.latency = latency
        self.tls = tls  # (certificate file, key file).
        self.host = host
        self.port = port
        self.rules = []
        self.log = []
        self.idle = []
        self.lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    @property
    def endpoint(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def add(self, *rules):
        with self.lock:
            self.rules += rules
        return self

    def clear(self):
        with self.lock:
            self.rules = []
            self.log = []

    def select(self, **wanted):
        """Entries of the log with these values; key may be a pattern."""
        found = []
        for entry in list(self.log):
            for name, value in wanted.items():
                if name == "key":
                    if not fnmatch.fnmatchcase(entry["key"], value):
                        break
                elif entry.get(name) != value:
                    break
            else:
                found.append(entry)
        return found

    def count(self, **wanted):
        return len(self.select(**wanted))

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            for entry in list(self.log):
                file.write(json.dumps(entry, ensure_ascii=True) + "\n")

    def run(self):
        asyncio.set_event_loop(self.loop)
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self.serve, self.host, self.port, ssl=context, limit=1 << 20,
                                 backlog=1024)
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()

    def __enter__(self):
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        async def end():
            self.server.close()
            for _, writer in self.idle:
                writer.close()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def read_body(self, reader, headers, is_answer=False):
        names = {k.lower(): v for k, v in headers}
        if "chunked" in names.get("transfer-encoding", ""):
            body = b""
            while True:
                size = int((await reader.readline()).split(b";")[0], 16)
                body += await reader.readexactly(size)
                await reader.readline()
                if size == 0:
                    return body
        if "content-length" in names:
            return await reader.readexactly(int(names["content-length"]))
        return await reader.read() if is_answer else b""

    async def read_head(self, reader):
        first = await reader.readline()
        if not first.strip():
            return None, None
        headers = []
        while True:
            line = (await reader.readline()).decode("latin-1").rstrip("\r\n")
            if not line:
                return first.decode("latin-1").rstrip("\r\n"), headers
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))

    async def ask_upstream(self, request):
        for attempt in (0, 1):
            is_old = bool(self.idle)
            reader, writer = self.idle.pop() if is_old else await asyncio.open_connection(
                *self.upstream, limit=1 << 20
            )
            try:
                head = f"{request.method} {request.target} HTTP/1.1\r\n"
                head += "".join(f"{k}: {v}\r\n" for k, v in request.headers
                                if k.lower() not in ("expect", "connection"))
                writer.write(head.encode("latin-1") + b"\r\n" + request.body)
                await writer.drain()
                first, headers = await self.read_head(reader)
                if first is None:
                    raise ConnectionResetError
                status = int(first.split()[1])
                has_body = request.method != "HEAD" and status not in (204, 304)
                body = await self.read_body(reader, headers, True) if has_body else b""
            except (OSError, asyncio.IncompleteReadError):
                writer.close()
                if not is_old or attempt:
                    raise
                continue
            if {k.lower(): v for k, v in headers}.get("connection") == "close":
                writer.close()
            else:
                self.idle.append((reader, writer))
            return Answer(status, headers, body, first.split(" ", 2)[-1])
        raise ConnectionResetError

    def note(self, request):
        entry = {
            "number": request.number,
            "time": time.time(),
            "method": request.method,
            "operation": request.operation,
            "bucket": request.bucket,
            "key": request.key,
            "query": request.query,
            "range": request.header("range"),
            "if_match": request.header("if-match"),
            "if_none_match": request.header("if-none-match"),
            "date": request.header("x-amz-date"),
            "authorization": request.header("authorization"),
            "host": request.header("host"),
            "bytes": len(request.body),
            "status": 0,
            "sent": 0,
            "fault": "",
            "upstream": False,
        }
        self.log.append(entry)
        return entry

    def choose(self, request):
        with self.lock:
            for rule in self.rules:
                if rule.takes(request, self.draw):
                    return rule.action
        return passing

    async def serve(self, reader, writer):
        keeps = True
        try:
            while keeps:
                first, headers = await self.read_head(reader)
                if first is None:
                    break
                method, target, _ = first.split(" ", 2)
                names = {k.lower(): v for k, v in headers}
                number = len(self.log)
                if "expect" in names:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    await writer.drain()
                body = await self.read_body(reader, headers)
                request = Request(number, method, target, headers, body)
                entry = self.note(request)
                exchange = Exchange(self, request, reader, writer, entry)
                action = self.choose(request)
                entry["fault"] = getattr(action, "fault", "fault")
                if self.latency:
                    await asyncio.sleep(self.latency)
                await action(exchange)
                keeps = exchange.keeps
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            pass
        finally:
            writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("upstream")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0, help="milliseconds before each request")
    parser.add_argument("--errors", type=float, default=0, help="percent answered with 503")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with Proxy(arguments.upstream, arguments.seed, arguments.latency / 1000,
               port=arguments.port) as proxy:
        if arguments.errors:
            proxy.add(Rule(refuse(503, "SlowDown"), times=None, chance=arguments.errors / 100))
        print(proxy.endpoint, flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
