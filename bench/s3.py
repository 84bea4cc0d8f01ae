# SPDX-License-Identifier: Apache-2.0

"""regroup on S3, beside others on the same server: what it moves, what it asks for, what it takes.

    make bench-s3         (or: build/venv/bin/python bench/s3.py [--quick] [--out FOLDER])

A server (radosgw, in memory) is started on loopback. Measured are

- bytes up and down, by curl, boto3 and the store alone (bench_s3): the loopback floor;
- requests for each of many small files, counted by a proxy before the server;
- the whole job on the events set, against DuckDB's httpfs and Polars, directly and through a
  forwarder that adds a round trip of 30 ms;
- memory of a connection.

Server and client share the machine, so every figure is of both. Rounds are interleaved. What a
Python process takes to start and import is not in its times. Results: results.json, s3.md.
"""

import argparse
import asyncio
import io
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tools"), str(ROOT / "bench")]

REGROUP = Path(os.environ.get("REGROUP", ROOT / "build" / "regroup"))
BENCH = ROOT / "build" / "bench" / "bench_s3"
SCRATCH = ROOT / "build" / "bench" / "s3"
BUCKET = "bench"
PIECE = 8 << 20
MEMORY = "256MiB"
MORE_MEMORY = "1GiB"
US = f"regroup, {MEMORY}"
US_WITH_MORE = f"regroup, {MORE_MEMORY}"
ROUND_TRIP_MS = 30
# The newest whose httpfs is a Python package (others are fetched from DuckDB's own host).
DUCKDB = ["duckdb==1.5.5", "duckdb-extension-httpfs==1.5.5"]


def forward(upstream, port, round_trip_ms):
    """Passes bytes on, half a round trip later in each direction; no limit on their number."""
    delay = round_trip_ms / 2000
    host, upstream_port = upstream.removeprefix("http://").split(":")

    async def pump(reader, writer):
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - time.monotonic()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        delivering = asyncio.ensure_future(deliver())
        data = b"x"
        while data:
            try:
                data = await reader.read(1 << 18)
            except OSError:
                data = b""
            queue.put_nowait((time.monotonic() + delay, data))
        try:
            await delivering
        except OSError:
            pass

    async def serve(reader, writer):
        # A handshake is a round trip too.
        await asyncio.sleep(2 * delay)
        up_reader, up_writer = await asyncio.open_connection(host, upstream_port)
        await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 22, backlog=512)
        async with server:
            await server.serve_forever()

    asyncio.run(run())


class Forwarder:
    """A process of its own, stopped at the end of `with`."""

    def __init__(self, upstream):
        import s3_server

        self.port = s3_server.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, __file__, "--forward", upstream, str(self.port)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def measured_json(command, environment, endpoint):
    """Runs a command that prints one line of JSON at its end."""
    done = subprocess.run(
        list(map(str, command)), env={**environment, "AWS_ENDPOINT_URL": endpoint},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')[-600:]}")
    return json.loads(done.stdout.decode().splitlines()[-1])


def usage():
    """CPU seconds of this process, and of its children that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


# What the processes that are started below do: each prints what it took, as JSON.


def move_with_boto3(direction, objects, mib, in_flight):
    import boto3.s3.transfer
    import s3_server

    client = s3_server.Server.client(None, os.environ["AWS_ENDPOINT_URL"])
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=PIECE, multipart_chunksize=PIECE, max_concurrency=in_flight
    )
    body = os.urandom(mib << 20)
    client.list_buckets()
    begin, cpu = time.monotonic(), usage()
    for number in range(objects):
        key = f"moved/bench/{number:06}"
        if direction == "put":
            client.upload_fileobj(io.BytesIO(body), BUCKET, key, Config=config)
        else:
            client.download_fileobj(BUCKET, key, io.BytesIO(), Config=config)
    return {"wall_s": time.monotonic() - begin, "cpu_s": usage() - cpu,
            "bytes": objects * mib << 20}


def move_with_curl(direction, objects, mib, in_flight):
    """Whole objects by presigned URLs, as many at once: no digest of a body, no parts."""
    import s3_server

    client = s3_server.Server.client(None, os.environ["AWS_ENDPOINT_URL"])
    method = {"put": "put_object", "get": "get_object"}[direction]
    body = SCRATCH / "body"
    if direction == "put":
        body.write_bytes(os.urandom(mib << 20))
    config = ""
    for number in range(objects):
        url = client.generate_presigned_url(
            method, {"Bucket": BUCKET, "Key": f"moved/bench/{number:06}"}
        )
        where = f'upload-file = "{body}"' if direction == "put" else 'output = "/dev/null"'
        config += f'url = "{url}"\n{where}\n'
    listed = SCRATCH / "curl.txt"
    listed.write_text(config)
    begin, cpu = time.monotonic(), usage()
    subprocess.run(
        ["curl", "--silent", "--fail", "--parallel", "--parallel-immediate", "--parallel-max",
         str(in_flight), "--config", str(listed)],
        check=True, stdout=subprocess.DEVNULL,
    )
    return {"wall_s": time.monotonic() - begin, "cpu_s": usage() - cpu,
            "bytes": objects * mib << 20}


def compact_with_duckdb(source, dest, of, threads):
    import glob

    sys.path.insert(0, str(SCRATCH / "duckdb"))
    import duckdb
    import duckdb_extension_httpfs

    folder = os.path.dirname(duckdb_extension_httpfs.__file__)
    (extension,) = glob.glob(f"{folder}/**/*.duckdb_extension", recursive=True)
    begin, cpu = time.monotonic(), usage()
    connection = duckdb.connect()
    connection.execute(f"LOAD '{extension}'")
    host = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{os.environ['AWS_ACCESS_KEY_ID']}', "
        f"SECRET '{os.environ['AWS_SECRET_ACCESS_KEY']}', "
        f"REGION '{os.environ['AWS_DEFAULT_REGION']}', "
        f"ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)"
    )
    connection.execute(f"SET threads = {threads}")
    connection.execute(
        f"COPY (SELECT * FROM read_parquet('{source}/*.parquet')) TO '{dest}/out.parquet' "
        f"(FORMAT parquet, COMPRESSION {of.codec}, ROW_GROUP_SIZE {of.group_rows})"
    )
    connection.close()
    return {"wall_s": time.monotonic() - begin, "cpu_s": usage() - cpu}


def compact_with_polars(source, dest, of, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    options = {
        "aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "aws_region": os.environ["AWS_DEFAULT_REGION"],
        "aws_allow_http": "true",
    }
    begin, cpu = time.monotonic(), usage()
    polars.scan_parquet(f"{source}/*.parquet", storage_options=options).sink_parquet(
        f"{dest}/out.parquet", storage_options=options, compression=of.codec,
        row_group_size=of.group_rows,
    )
    return {"wall_s": time.monotonic() - begin, "cpu_s": usage() - cpu}


def compact_with_regroup(source, dest, of, threads):
    """Everything from start to exit, unlike the others; measured by a small process."""
    result = SCRATCH / "measured.json"
    subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "tools" / "measure.py"), str(result),
         str(REGROUP), "compact", source, dest, "--jobs", str(threads),
         "--memory", os.environ.get("BENCH_MEMORY", MEMORY), "--row-group-rows",
         str(of.group_rows), "--row-group-size", "1GiB", "--progress", "none"],
        check=True, stdout=subprocess.DEVNULL,
    )
    used = json.loads(result.read_text())
    return {"wall_s": used["wall_s"], "cpu_s": used["user_s"] + used["system_s"],
            "peak_bytes": used["peak_bytes"]}


def compact_with_more(source, dest, of, threads):
    os.environ["BENCH_MEMORY"] = MORE_MEMORY
    return compact_with_regroup(source, dest, of, threads)


COMPACTORS = {
    US: compact_with_regroup,
    US_WITH_MORE: compact_with_more,
    "DuckDB httpfs": compact_with_duckdb,
    "Polars": compact_with_polars,
}


def child(words):
    """`s3.py --child WHAT ...`: does one of the above and prints what it took."""
    import sets

    what, *rest = words
    if what in ("boto3", "curl"):
        mover = {"boto3": move_with_boto3, "curl": move_with_curl}[what]
        told = mover(rest[0], *map(int, rest[1:]))
    else:
        source, dest, set_name, threads = rest
        told = COMPACTORS[what](source, dest, sets.SETS[set_name], int(threads))
    told.setdefault("peak_bytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10)
    print(json.dumps(told))


# The measurements themselves.


class Bench:
    def __init__(self, server, arguments):
        self.server = server
        self.arguments = arguments
        self.client = server.client()
        self.client.create_bucket(Bucket=BUCKET)
        self.environment = {**os.environ, **server.environment()}

    def call(self, *words, endpoint=None):
        return measured_json([sys.executable, __file__, "--child", *words], self.environment,
                             endpoint or self.server.endpoint)

    def store(self, *words, endpoint=None):
        return measured_json([BENCH, *words], self.environment, endpoint or self.server.endpoint)

    def say(self, text):
        print(text, flush=True)

    def empty(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                self.client.delete_object(Bucket=BUCKET, Key=item["Key"])

    def objects(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return [key for key in found if key.endswith(".parquet") and "/_" not in key]

    def move(self):
        """MB/s and CPU seconds per GiB, up and down."""
        objects, mib = self.arguments.objects, self.arguments.mib
        told = {}
        for _ in range(self.arguments.rounds):
            for direction in ("put", "get"):
                for tool in ("curl", "boto3", "regroup's store"):
                    if tool == "regroup's store":
                        run = self.store(direction, f"s3://{BUCKET}/moved", objects, mib, 8)
                    else:
                        run = self.call(tool, direction, str(objects), str(mib), "8")
                    told.setdefault(direction, {}).setdefault(tool, []).append({
                        "mb_s": run["bytes"] / run["wall_s"] / 1e6,
                        "cpu_s_gib": run["cpu_s"] / run["bytes"] * (1 << 30),
                    })
        self.empty("moved/")
        return {direction: {tool: medians(runs) for tool, runs in tools.items()}
                for direction, tools in told.items()}

    def requests(self):
        """Of a run over many small files: all by kind, and those for inputs."""
        import fault_proxy
        import sets

        folder = sets.make("tiny", "pyarrow", self.arguments.files / 10_000)
        made = json.loads((folder / "_made.json").read_text())
        self.store("fill", f"s3://{BUCKET}/tiny", folder, 16)
        runs = {}
        for memory in (MEMORY, MORE_MEMORY):
            self.environment["BENCH_MEMORY"] = memory
            run = self.call(US, f"s3://{BUCKET}/tiny", f"s3://{BUCKET}/tiny-out-{memory}",
                            "tiny", str(os.cpu_count()))
            with fault_proxy.Proxy(self.server.endpoint) as proxy:
                self.call(US, f"s3://{BUCKET}/tiny", f"s3://{BUCKET}/tiny-counted-{memory}",
                          "tiny", str(os.cpu_count()), endpoint=proxy.endpoint)
                kinds = {}
                for entry in proxy.log:
                    kinds[entry["operation"]] = kinds.get(entry["operation"], 0) + 1
                inputs = proxy.select(operation="get", key="tiny/*")
                got = sum(entry["sent"] for entry in inputs)
            runs[memory] = {**run, "kinds": kinds, "gets": len(inputs), "got": got}
        del self.environment["BENCH_MEMORY"]
        self.empty("tiny")
        return {"files": made["files"], "bytes": made["bytes"], "runs": runs}

    def check_rows(self, prefix, wanted):
        """The same number of rows, and the same first column in the same order."""
        import pyarrow
        import pyarrow.parquet

        parts = []
        for key in self.objects(prefix):
            body = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            parts.append(pyarrow.parquet.read_table(io.BytesIO(body), columns=[wanted.name]))
        column = pyarrow.concat_tables(parts).column(0).combine_chunks()
        if not column.cast(wanted.type).equals(wanted.values):
            raise RuntimeError(f"{prefix}: other rows than the inputs'")

    def jobs(self, endpoint, label):
        import sets

        name = "events-snappy"
        folder = sets.make(name, "pyarrow", self.arguments.scale)
        made = json.loads((folder / "_made.json").read_text())
        self.store("fill", f"s3://{BUCKET}/events", folder, 16)
        wanted = First(folder)
        cores = os.cpu_count()
        tools = [(US, cores), (US_WITH_MORE, cores), ("DuckDB httpfs", cores),
                 ("DuckDB httpfs", 16), ("Polars", cores)]
        if not (SCRATCH / "duckdb").exists():
            tools = [tool for tool in tools if tool[0] != "DuckDB httpfs"]
        told = {}
        for round_number in range(self.arguments.rounds):
            shift = round_number % len(tools)
            for tool, threads in tools[shift:] + tools[:shift]:
                self.empty("events-out")
                run = self.call(tool, f"s3://{BUCKET}/events", f"s3://{BUCKET}/events-out", name,
                                str(threads), endpoint=endpoint)
                if round_number == 0:
                    self.check_rows("events-out/", wanted)
                shown = tool if threads == cores else f"{tool}, {threads} threads"
                told.setdefault(shown, []).append(run)
                self.say(f"  {label}: {shown} {run['wall_s']:.2f} s")
        return {"files": made["files"], "bytes": made["bytes"],
                "tools": {tool: medians(runs) for tool, runs in told.items()}}

    def memory(self):
        self.client.put_object(Bucket=BUCKET, Key="idle/bench/000000", Body=bytes(256 << 10))
        return {"http": self.idle(self.server.endpoint), "https": self.idle_with_tls()}

    def idle(self, endpoint):
        """(requests at once, what the store says of its memory and what it is seen to take)."""
        url = f"s3://{BUCKET}/idle"
        return [self.store("idle", url, count, endpoint=endpoint) for count in (1, 64)]

    def idle_with_tls(self):
        import fault_proxy

        certificate, key = SCRATCH / "tls.pem", SCRATCH / "tls.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=bench",
             "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.environment["AWS_CA_BUNDLE"] = str(certificate)
        with fault_proxy.Proxy(self.server.endpoint, tls=(certificate, key)) as proxy:
            told = self.idle(proxy.endpoint)
        del self.environment["AWS_CA_BUNDLE"]
        return told


class First:
    """The first column of a set's files, in order."""

    def __init__(self, folder):
        import pyarrow
        import pyarrow.parquet

        files = sorted(folder.glob("*.parquet"))
        self.name = pyarrow.parquet.read_schema(files[0]).names[0]
        read = [pyarrow.parquet.read_table(path, columns=[self.name]) for path in files]
        self.values = pyarrow.concat_tables(read).column(0).combine_chunks()
        self.type = self.values.type


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def get_duckdb():
    """DuckDB with httpfs, into a folder of its own; without it, the reason."""
    folder = SCRATCH / "duckdb"
    if folder.exists():
        return ""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--target", str(folder), *DUCKDB],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    return "" if done.returncode == 0 else done.stdout.strip().splitlines()[-1]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def of_moves(told):
    moved = told["moved"]
    head = ["", "up, MB/s", "down, MB/s", "up, CPU s/GiB", "down, CPU s/GiB"]
    rows = [[tool, *(f"{moved[way][tool]['mb_s']:.0f}" for way in ("put", "get")),
             *(f"{moved[way][tool]['cpu_s_gib']:.2f}" for way in ("put", "get"))]
            for tool in moved["put"]]
    yield "## Bytes up and down"
    yield (f"{told['objects']} objects of {told['mib']} MiB, 8 requests at once. curl moves whole "
           "objects by presigned URLs and computes no digest; boto3 and regroup move parts and "
           "ranges of 8 MiB and sign the SHA-256 of what they send.")
    yield table(head, rows)


def of_requests(told):
    tiny = told["requests"]
    yield "## Requests for small files"
    yield (f"{tiny['files']:,} files, {tiny['bytes'] / (1 << 20):.0f} MiB, into few; requests are "
           "counted by a proxy, times are without it.")
    head = ["memory", "GET of inputs", "a file", "bytes got / bytes", "all requests", "wall, s",
            "CPU, s", "files/s"]
    rows = []
    for memory, run in tiny["runs"].items():
        rows.append([
            memory, f"{run['gets']:,}", f"{run['gets'] / tiny['files']:.3f}",
            f"{run['got'] / tiny['bytes']:.3f}", f"{sum(run['kinds'].values()):,}",
            f"{run['wall_s']:.2f}", f"{run['cpu_s']:.2f}", f"{tiny['files'] / run['wall_s']:,.0f}",
        ])
    yield table(head, rows)
    for memory, run in tiny["runs"].items():
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(run["kinds"].items()))
        yield f"All requests with {memory}: {kinds}."


def of_jobs(told):
    yield "## The whole job"
    for label, job in told["jobs"].items():
        rows = [[tool, f"{run['wall_s']:.2f}", f"{run['cpu_s']:.2f}",
                 f"{run['peak_bytes'] / (1 << 20):.0f}"] for tool, run in job["tools"].items()]
        yield (f"The events set, {job['files']} files, {job['bytes'] / (1 << 20):.0f} MiB, from S3 "
               f"to S3, {label}:")
        yield table(["", "wall, s", "CPU, s", "peak MiB"], rows)
        others = [run["wall_s"] for tool, run in job["tools"].items() if "regroup" not in tool]
        ours = job["tools"][US]["wall_s"], job["tools"][US_WITH_MORE]["wall_s"]
        yield (f"The best of the others takes {min(others) / ours[0]:.2f} times regroup's time "
               f"with {MEMORY}, {min(others) / ours[1]:.2f} times with {MORE_MEMORY}.")
    if told["duckdb"]:
        yield f"DuckDB's httpfs could not be had: {told['duckdb']}"


def of_memory(told):
    each = {}
    for scheme, (few, many) in told["memory"].items():
        grown = many["grown_bytes"] - few["grown_bytes"]
        each[scheme] = grown / (many["in_flight"] - few["in_flight"]) / 1024
    yield "## Memory of a connection"
    yield (f"With {many['in_flight']} requests at once instead of {few['in_flight']}, resident "
           f"memory grows by {each['http']:.0f} KiB for each, by {each['https']:.0f} KiB with TLS; "
           f"{few['charged_each'] / 1024:.0f} KiB are claimed for each, and "
           f"{few['charged_base'] / 1024:.0f} KiB for all together.")


def page(told):
    lines = [
        "# S3: figures",
        f"{told['date']}; {told['machine']}; {told['versions']}. {told['note']}".strip(),
        "`make bench-s3` repeats it (bench/s3.py). The server is Ceph's radosgw on loopback, all "
        "in memory; it shares the cores with the client, so these are figures of both, and only "
        f"what stands side by side can be compared. Medians of {told['rounds']} interleaved "
        "rounds. A Python process's start and imports are taken off; regroup's start is not.",
    ]
    for part in (of_moves, of_requests, of_jobs, of_memory):
        lines += part(told)
    return "\n\n".join(lines) + "\n"


def main():
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2:])
    if sys.argv[1:2] == ["--forward"]:
        return forward(sys.argv[2], int(sys.argv[3]), ROUND_TRIP_MS)

    import s3_server

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of everything")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, help="small files [10000]")
    parser.add_argument("--scale", type=float, help="of the events set [0.5]")
    parser.add_argument("--note", default="", help="a sentence about the circumstances")
    parser.add_argument("--out", type=Path, default=SCRATCH)
    arguments = parser.parse_args()
    arguments.files = arguments.files or (2500 if arguments.quick else 10_000)
    arguments.scale = arguments.scale or (0.25 if arguments.quick else 0.5)
    arguments.objects, arguments.mib = (2, 64) if arguments.quick else (4, 64)
    SCRATCH.mkdir(parents=True, exist_ok=True)

    version = subprocess.run([str(REGROUP), "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.splitlines()
    told = {"date": time.strftime("%Y-%m-%d"), "rounds": arguments.rounds, "note": arguments.note,
            "machine": f"{os.cpu_count()} cores, Linux {platform.release()}",
            "versions": f"{version[0]}, {version[2].removeprefix('s3: ')}; " + ", ".join(DUCKDB),
            "objects": arguments.objects, "mib": arguments.mib, "duckdb": get_duckdb(), "jobs": {}}
    with s3_server.Server() as server:
        bench = Bench(server, arguments)
        begin = time.monotonic()
        for name, measure in (("memory", bench.memory), ("moved", bench.move),
                              ("requests", bench.requests)):
            told[name] = measure()
            bench.say(f"{name}: done after {time.monotonic() - begin:.0f} s")
        told["jobs"]["directly"] = bench.jobs(server.endpoint, "directly")
        with Forwarder(server.endpoint) as forwarder:
            label = f"with a round trip of {ROUND_TRIP_MS} ms"
            told["jobs"][label] = bench.jobs(forwarder.endpoint, label)
        bench.say(f"all: {time.monotonic() - begin:.0f} s")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "results.json").write_text(json.dumps(told, indent=1) + "\n")
    (arguments.out / "s3.md").write_text(page(told))
    print((arguments.out / "s3.md").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
