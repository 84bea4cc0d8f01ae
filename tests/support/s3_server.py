#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""A real S3 server on loopback: one node of Ceph (a monitor, a store in memory, radosgw).

    s3_server.py run [--folder F] -- COMMAND...   starts it, runs COMMAND with AWS_* and S3_TEST_*
                                                  set and a bucket made, stops it
As a module: `with Server(folder) as server:`. Everything it writes lies in `folder`; it is stopped
by the ids of the processes that it started, never by name. Debian packages: radosgw ceph-mon
ceph-osd (tools/setup/s3.sh).
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ACCESS_KEY = "AKIDREGROUPTEST00001"
SECRET_KEY = "regroup/test+secret000000000000000000001"
SECOND_ACCESS_KEY = "AKIDREGROUPTEST0000B"  # Of the same user.
SECOND_SECRET_KEY = "regroup/test+secret00000000000000000000B"
OTHER_ACCESS_KEY = "AKIDREGROUPTEST00002"
OTHER_SECRET_KEY = "regroup/test+secret000000000000000000002"
REGION = "us-east-1"
START_SECONDS_MAX = 90

CONFIG = """
[global]
fsid = {fsid}
mon host = [v1:127.0.0.1:{mon_port}]
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class update on start = false
osd crush update on start = false
mon max pg per osd = 2000
mon allow pool size one = true
mon warn on pool no redundancy = false
mon min osdmap epochs = 10
paxos propose interval = 0.05
paxos min wait = 0.01
osd objectstore = memstore
memstore device bytes = {store_bytes}
osd memory target = 939524096
ms bind msgr2 = false
ms bind ipv6 = false
run dir = {folder}/sock
log file = {folder}/log/$name.log
pid file = {folder}/$name.pid
admin socket = {folder}/sock/$name.asok
mon data = {folder}/mon
osd data = {folder}/osd
setuser match path =
osd class load list = *
osd class default list = *
rgw enable usage log = false
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw dns name = localhost
rgw thread pool size = 64
rgw enable apis = s3
rgw multipart min part size = 5242880
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_installed():
    return all(shutil.which(name) for name in ("radosgw", "ceph-mon", "ceph-osd", "radosgw-admin"))


class Server:
    """Started by start() or `with`; `endpoint` and environment() tell how to reach it."""

    def __init__(self, folder=None, store_bytes=6 << 30):
        self.is_own_folder = folder is None
        # Socket paths are short: a deep folder of a test would not do.
        self.folder = Path(folder or tempfile.mkdtemp(prefix="s3server-", dir="/tmp"))
        self.store_bytes = store_bytes
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.started = []

    def run(self, *command):
        environment = {**os.environ, "CEPH_CONF": str(self.folder / "ceph.conf")}
        done = subprocess.run(
            list(map(str, command)), env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=START_SECONDS_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stdout.decode(errors='replace')[-2000:]}")
        return done.stdout.decode(errors="replace")

    def ask_monitor(self, *command):
        """It may not be ready for commands at first."""
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                return self.run("ceph", "-c", self.folder / "ceph.conf", *command)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("mon", "osd", "log", "sock"):
            (self.folder / name).mkdir(parents=True)
        fsid, mon_port = str(uuid.uuid4()), free_port()
        conf = self.folder / "ceph.conf"
        conf.write_text(
            CONFIG.format(fsid=fsid, mon_port=mon_port, port=self.port, folder=self.folder,
                          store_bytes=self.store_bytes)
        )
        monmap = self.folder / "monmap"
        try:
            self.run("monmaptool", "--create", "--clobber", "--fsid", fsid,
                     "--addv", "a", f"[v1:127.0.0.1:{mon_port}]", monmap)
            self.run("ceph-mon", "-c", conf, "--mkfs", "-i", "a", "--monmap", monmap)
            self.run("ceph-mon", "-c", conf, "-i", "a")
            osd = str(uuid.uuid4())
            self.ask_monitor("osd", "new", osd)
            self.run("ceph-osd", "-c", conf, "-i", "0", "--mkfs", "--osd-uuid", osd)
            self.ask_monitor("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=host0")
            self.run("ceph-osd", "-c", conf, "-i", "0")
            self.run("radosgw", "-c", conf, "-n", "client.rgw")
            self.wait()
            self.add_user("test", ACCESS_KEY, SECRET_KEY)
            self.run("radosgw-admin", "-c", conf, "key", "create", "--uid=test", "--key-type=s3",
                     f"--access-key={SECOND_ACCESS_KEY}", f"--secret={SECOND_SECRET_KEY}")
        except Exception:
            self.stop()
            raise
        return self

    def wait(self):
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("radosgw does not answer")

    def add_user(self, name, access_key, secret_key):
        self.run("radosgw-admin", "-c", self.folder / "ceph.conf", "user", "create",
                 f"--uid={name}", f"--display-name={name}", f"--access-key={access_key}",
                 f"--secret={secret_key}")

    def pids(self):
        return [int(path.read_text()) for path in self.folder.glob("*.pid")]

    def stop(self):
        pids = self.pids()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)  # Nothing of it is to be kept.
            except ProcessLookupError:
                pass
        if self.is_own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, endpoint=None):
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, endpoint=None):
        import boto3
        import botocore.config

        return boto3.client(
            "s3", endpoint_url=endpoint or self.endpoint, region_name=REGION,
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
            config=botocore.config.Config(
                s3={"addressing_style": "path"}, retries={"max_attempts": 2},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["run"])
    parser.add_argument("--folder")
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments, command = parser.parse_args(sys.argv[1:cut]), sys.argv[cut + 1 :]
    if not command:
        parser.error("no command")
    with Server(arguments.folder) as server:
        server.client().create_bucket(Bucket="test")
        environment = {
            **os.environ, **server.environment(),
            "S3_TEST_ENDPOINT": server.endpoint, "S3_TEST_BUCKET": "test",
        }
        return subprocess.call(command, env=environment)


if __name__ == "__main__":
    sys.exit(main())
