# SPDX-License-Identifier: Apache-2.0

"""Where credentials come from, that they are renewed in time, and that they are never shown."""

import datetime
import http.server
import json
import socket
import ssl
import threading
import urllib.parse

import pytest

import s3_server
from fault_proxy import Rule, refuse

# The server's user has these two keys; which of them signed tells where it came from.
FIRST = (s3_server.ACCESS_KEY, s3_server.SECRET_KEY)
SECOND = (s3_server.SECOND_ACCESS_KEY, s3_server.SECOND_SECRET_KEY)
NONE = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": ""}


def later(seconds):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


class Service:
    """A small HTTP server whose answers are `answer(method, path, headers, body)`."""

    def __init__(self, answer):
        self.requests = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                headers = {k.lower(): v for k, v in self.headers.items()}
                service.requests.append((self.command, self.path, headers, body))
                status, text = answer(self.command, self.path, headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = handle_one

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def used_keys(place):
    return {e["authorization"].split("Credential=")[1].split("/")[0] for e in place.proxy.log}


def files(tmp_path, config="", credentials=""):
    (tmp_path / "config").write_text(config)
    (tmp_path / "credentials").write_text(credentials)
    return {**NONE, "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true"}


def keys(pair):
    return f"aws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n"


def document(pair, seconds=3600, token="Token"):
    return json.dumps({"Version": 1, "Code": "Success", "AccessKeyId": pair[0],
                       "SecretAccessKey": pair[1], "Expiration": later(seconds)})


def test_environment_goes_before_files(place, tmp_path):
    place.fill(files=1)
    env = files(tmp_path, credentials="[default]\n" + keys(SECOND))
    env.update(AWS_ACCESS_KEY_ID=FIRST[0], AWS_SECRET_ACCESS_KEY=FIRST[1])
    place.compact(env=env).must(0)
    assert used_keys(place) == {FIRST[0]}


def test_profile_of_an_option_goes_before_the_environment(place, tmp_path):
    place.fill(files=1)
    env = files(tmp_path, credentials="[mine]\n" + keys(SECOND))
    env.update(AWS_ACCESS_KEY_ID=FIRST[0], AWS_SECRET_ACCESS_KEY=FIRST[1])
    place.compact("--profile", "mine", env=env).must(0)
    assert used_keys(place) == {SECOND[0]}


def test_profile_of_the_environment(place, tmp_path):
    place.fill(files=1)
    env = files(tmp_path, config="[profile mine]\n" + keys(SECOND), credentials="[default]\nx=1\n")
    place.compact(env={**env, "AWS_PROFILE": "mine"}).must(0)
    assert used_keys(place) == {SECOND[0]}


def test_program(place, tmp_path):
    place.fill(files=1)
    (tmp_path / "answer.json").write_text(document(SECOND))
    env = files(tmp_path, f"[default]\ncredential_process = cat {tmp_path}/answer.json\n")
    place.compact(env=env).must(0)
    assert used_keys(place) == {SECOND[0]}


@pytest.mark.parametrize("command, said", [
    ("false", "status 1"), ("echo nonsense", "JSON"), ("echo '{}'", "AccessKeyId"),
    ("head -c 200000 /dev/zero", "128"),
])
def test_program_that_fails(place, tmp_path, command, said):
    env = files(tmp_path, f"[default]\ncredential_process = {command}\n")
    result = place.compact(env=env)
    assert result.status != 0 and "credential_process" in result.err
    assert place.proxy.log == []


def role_answer(pair, action):
    return (f"<{action}Response><{action}Result><Credentials><AccessKeyId>{pair[0]}</AccessKeyId>"
            f"<SecretAccessKey>{pair[1]}</SecretAccessKey><SessionToken></SessionToken>"
            f"<Expiration>{later(3600)}</Expiration></Credentials></{action}Result>"
            f"</{action}Response>")


def test_chain_of_roles(place, tmp_path):
    place.fill(files=1)

    def answer(method, path, headers, body):
        form = urllib.parse.parse_qs(body)
        signer = headers["authorization"].split("Credential=")[1].split("/")[0]
        if form["RoleArn"] == ["arn:aws:iam::1:role/inner"]:
            assert signer == "AKIDSOURCE"
            return 200, role_answer(("ASIAINNER", "inner+secret"), "AssumeRole")
        assert form["RoleArn"] == ["arn:aws:iam::2:role/outer+x"] and signer == "ASIAINNER"
        assert form["ExternalId"] == ["a b"] and form["RoleSessionName"] == ["me"]
        return 200, role_answer(SECOND, "AssumeRole")

    with Service(answer) as sts:
        env = files(tmp_path, "[profile outer]\nrole_arn = arn:aws:iam::2:role/outer+x\n"
                              "source_profile = inner\nexternal_id = a b\nrole_session_name = me\n"
                              "[profile inner]\nrole_arn=arn:aws:iam::1:role/inner\n"
                              "source_profile=base\n",
                    "[base]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n")
        place.compact(env={**env, "AWS_PROFILE": "outer", "AWS_ENDPOINT_URL_STS": sts.url}).must(0)
        assert len(sts.requests) == 4  # Two for each of two places.
    assert used_keys(place) == {SECOND[0]}


def test_global_token_service(place, tmp_path):
    """It is signed for as in us-east-1, wherever the bucket is."""
    from test_s3_faults import Tunnel, make_certificates

    place.fill(files=1)
    make_certificates(tmp_path)

    def answer(method, path, headers, body):
        assert headers["host"] == "sts.amazonaws.com"
        assert headers["authorization"].split("/")[2:4] == ["us-east-1", "sts"]
        return 200, role_answer(SECOND, "AssumeRole")

    with Service(answer) as sts:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "sts.pem", tmp_path / "sts.key")
        sts.server.socket = context.wrap_socket(sts.server.socket, server_side=True)
        with Tunnel(instead=("127.0.0.1", sts.server.server_port)) as tunnel:
            env = files(tmp_path, "[default]\nrole_arn = arn:aws:iam::1:role/x\n"
                                  "source_profile = base\nregion = eu-west-3\n",
                        "[base]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n")
            env.update(AWS_ENDPOINT_URL="", AWS_ENDPOINT_URL_S3=place.endpoint,
                       AWS_DEFAULT_REGION="", AWS_STS_REGIONAL_ENDPOINTS="legacy",
                       AWS_CA_BUNDLE=str(tmp_path / "ca.pem"), https_proxy=tunnel.url)
            place.compact(env=env).must(0)
        assert len(sts.requests) == 2 and set(tunnel.asked) == {"sts.amazonaws.com:443"}
    assert used_keys(place) == {SECOND[0]}


@pytest.mark.parametrize("status, body", [
    (503, "<html>"), (400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"),
])
def test_token_service_is_busy(place, tmp_path, status, body):
    place.fill(files=1)
    asked = []

    def answer(method, path, headers, form):
        asked.append(form)
        return (200, role_answer(SECOND, "AssumeRole")) if len(asked) > 2 else (status, body)

    with Service(answer) as sts:
        env = files(tmp_path, "[default]\nrole_arn = arn:aws:iam::1:role/x\n"
                              "source_profile = base\n",
                    "[base]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n")
        place.compact(env={**env, "AWS_ENDPOINT_URL_STS": sts.url}).must(0)
    assert used_keys(place) == {SECOND[0]}


def test_role_is_denied(place, tmp_path):
    def answer(method, path, headers, body):
        return 403, ("<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message>"
                     "</Error></ErrorResponse>")

    with Service(answer) as sts:
        env = files(tmp_path, "[default]\nrole_arn = arn:aws:iam::2:role/x\n"
                              "credential_source = Environment\n")
        env.update(AWS_ACCESS_KEY_ID="AKIDX", AWS_SECRET_ACCESS_KEY="hush", AWS_PROFILE="default",
                   AWS_ENDPOINT_URL_STS=sts.url)
        # Keys of the environment would go first; the option makes the profile go first.
        result = place.compact("--profile", "default", env=env)
    assert result.status == 1 and "not you" in result.err and "hush" not in result.err
    assert place.proxy.log == []


def test_roles_without_end(place, tmp_path):
    env = files(tmp_path, "[profile a]\nrole_arn = x\nsource_profile = b\n"
                          "[profile b]\nrole_arn = y\nsource_profile = a\n")
    result = place.compact("--profile", "a", env=env).must(2)
    assert "chain" in result.err


def test_web_identity(place, tmp_path):
    place.fill(files=1)
    (tmp_path / "token").write_text("the.web.token\n")

    def answer(method, path, headers, body):
        form = urllib.parse.parse_qs(body)
        assert form["WebIdentityToken"] == ["the.web.token"] and "authorization" not in headers
        return 200, role_answer(SECOND, "AssumeRoleWithWebIdentity")

    with Service(answer) as sts:
        env = files(tmp_path)
        env.update(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
                   AWS_ROLE_ARN="arn:aws:iam::1:role/pod", AWS_ENDPOINT_URL_STS=sts.url)
        place.compact(env=env).must(0)
    assert used_keys(place) == {SECOND[0]}


def test_container(place, tmp_path):
    place.fill(files=1)
    (tmp_path / "token").write_text("Bearer x\n")

    def answer(method, path, headers, body):
        assert path == "/creds?a=b" and headers["authorization"] == "Bearer x"
        return 200, document(SECOND)

    with Service(answer) as service:
        env = files(tmp_path)
        env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=service.url + "/creds?a=b",
                   AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token"),
                   http_proxy="http://127.0.0.1:1")
        env["no_proxy"] = "127.0.0.1"
        place.compact(env=env).must(0)
    assert used_keys(place) == {SECOND[0]}


def test_container_elsewhere_is_refused(place, tmp_path):
    env = files(tmp_path)
    env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://198.51.100.1/creds"
    result = place.compact(env=env).must(2)
    assert "neither https nor an address of this machine" in result.err


def instance(seconds=3600):
    def answer(method, path, headers, body):
        if method == "PUT":
            assert path == "/latest/api/token" and "x-aws-ec2-metadata-token-ttl-seconds" in headers
            return 200, "imds-token"
        assert headers["x-aws-ec2-metadata-token"] == "imds-token"
        if path.endswith("/security-credentials/"):
            return 200, "my-role"
        assert path == "/latest/meta-data/iam/security-credentials/my-role"
        return 200, document(SECOND, seconds)

    return answer


def test_f24_instance(place, tmp_path):
    place.fill(files=1)
    with Service(instance()) as imds:
        env = {**files(tmp_path), "AWS_EC2_METADATA_DISABLED": "",
               "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        place.compact(env=env).must(0)
    assert used_keys(place) == {SECOND[0]}


def connections_of(listener):
    """How many connections nobody has accepted yet."""
    listener.setblocking(False)
    count = 0
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def test_f24_instance_does_not_answer(place, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))  # Accepts and says nothing.
    env = {**files(tmp_path), "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT":
           f"http://127.0.0.1:{listener.getsockname()[1]}"}
    result = place.compact(env=env).must(1)
    assert connections_of(listener) == 1  # Waited for once, a second.
    listener.close()
    assert "no credentials" in result.err and "hop limit" in result.err


def test_f24_instance_is_not_asked_through_a_proxy(place, tmp_path):
    place.fill(files=1)
    with Service(instance()) as imds:
        env = {**files(tmp_path), "AWS_EC2_METADATA_DISABLED": "", "http_proxy": place.endpoint,
               "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        place.compact(env=env)
        assert len(imds.requests) >= 3
    assert all("meta-data" not in e["key"] for e in place.proxy.log)


def test_no_credentials_at_all(place, tmp_path):
    result = place.compact(env=files(tmp_path)).must(1)
    assert "no credentials" in result.err and "--no-sign-request" in result.err
    assert place.proxy.log == []


def test_public_bucket(place, tmp_path):
    numbers = place.fill(files=1)
    place.client.put_bucket_acl(Bucket=place.bucket, ACL="public-read")
    for key in place.keys("in/"):
        place.client.put_object_acl(Bucket=place.bucket, Key=key, ACL="public-read")
    place.regroup("compact", place.url("in"), tmp_path / "out", "--no-sign-request",
                  env=files(tmp_path)).must(0)
    assert {e["authorization"] for e in place.proxy.log} == {""}
    assert len(list((tmp_path / "out").rglob("*.parquet"))) == 2
    assert len(numbers) == 1000


@pytest.mark.parametrize("line", ["sso_session = x", "sso_start_url = https://x.test",
                                  "login_session = arn:aws:iam::1:user/x"])
def test_other_logins_are_named(place, tmp_path, line):
    env = files(tmp_path, f"[default]\n{line}\n")
    result = place.compact(env=env).must(2)
    assert "export-credentials" in result.err


def counting_program(tmp_path, answers):
    """A program that answers with the next of these documents, and the last for ever."""
    for number, answer in enumerate(answers):
        (tmp_path / f"answer{number}").write_text(answer)
    script = tmp_path / "program.sh"
    script.write_text(f"""#!/bin/sh
n=$(cat {tmp_path}/count 2>/dev/null || echo 0)
echo $((n + 1)) > {tmp_path}/count
[ $n -lt {len(answers)} ] || n={len(answers) - 1}
cat {tmp_path}/answer$n
""")
    script.chmod(0o755)
    return f"[default]\ncredential_process = {script}\n"


def test_f23_expired_in_the_middle(place, tmp_path):
    """The store says so: others are got, once for all, and the requests are made again."""
    numbers = place.fill([f"p={i}" for i in range(3)], files=6)
    env = files(tmp_path, counting_program(
        tmp_path, [document(FIRST), document(FIRST), document(SECOND)]))
    place.proxy.add(Rule(
        refuse(400, "ExpiredToken"), times=None,
        when=lambda r: r.operation == "get" and r.key.startswith("in/")
        and FIRST[0] in r.header("authorization")))
    place.compact(env=env).must(0)
    assert used_keys(place) == {FIRST[0], SECOND[0]}
    # Two places have got theirs at first; the source's place once more, not for each request.
    assert int((tmp_path / "count").read_text()) == 3
    place.check_whole(numbers)


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "InvalidTokenId"])
def test_f23_expired_at_minio(place, tmp_path, code):
    """It forgets temporary keys, and says that there are none such."""
    numbers = place.fill([""], files=3)
    env = files(tmp_path, counting_program(
        tmp_path, [document(FIRST), document(FIRST), document(SECOND)]))
    place.proxy.add(Rule(
        refuse(403, code), times=None,
        when=lambda r: r.operation == "get" and r.key.startswith("in/")
        and FIRST[0] in r.header("authorization")))
    place.compact(env=env).must(0)
    assert int((tmp_path / "count").read_text()) == 3
    place.check_whole(numbers)


def test_unknown_key_that_is_not_temporary(place, tmp_path):
    env = files(tmp_path, credentials="[default]\n" + keys(("nobody", "secret")))
    result = place.compact(env=env).must(1)
    assert "InvalidAccessKeyId" in result.err and len(place.proxy.log) == 1


def test_empty_values_are_none(place, tmp_path):
    """In either file: people leave a key without its value."""
    place.fill(files=1)
    empty = "region =\nendpoint_url =\nrole_arn =\nca_bundle =\naws_session_token =\n"
    env = files(tmp_path, "[default]\n" + empty + "region = eu-central-7\n",
                "[default]\n" + empty + keys(SECOND))
    place.compact(env={**env, "AWS_DEFAULT_REGION": ""}).must(0)
    assert used_keys(place) == {SECOND[0]}
    assert "/eu-central-7/" in place.proxy.log[0]["authorization"]


def test_f23_renewed_before_they_expire(place, tmp_path):
    numbers = place.fill([""], files=3)
    env = files(tmp_path, counting_program(
        tmp_path, [document(FIRST, 9), document(SECOND)]))
    place.compact(env=env).must(0)
    assert int((tmp_path / "count").read_text()) >= 3
    place.check_whole(numbers)


def test_f23_static_ones_are_no_good(place, tmp_path):
    """Nothing else can be got: told at once, and not tried again and again."""
    place.fill([""], files=3)
    env = files(tmp_path, credentials="[default]\n" + keys(FIRST))
    place.proxy.add(Rule(refuse(400, "ExpiredToken"), times=None))
    result = place.compact(env=env).must(1)
    assert "expired" in result.err
    assert len(place.proxy.log) <= 3
    assert s3_server.SECRET_KEY not in result.err
    place.check_nothing()


def test_f23_a_token_that_is_no_good(place, tmp_path):
    """A token of a region that is not switched on: what the store says of it is what helps."""
    place.fill([""], files=3)
    env = files(tmp_path, counting_program(tmp_path, [document(FIRST)]))
    place.proxy.add(Rule(refuse(400, "InvalidToken"), times=None))
    result = place.compact(env=env).must(1)
    assert "400 InvalidToken" in result.err and "no others" in result.err
    assert "expired" not in result.err
    place.check_nothing()


def test_f23_one_object_is_refused_silently(place, tmp_path):
    """HEAD of what lies under a customer's key, and of what comes with an expired token, is 400."""
    place.fill([""], files=3)
    env = files(tmp_path, counting_program(tmp_path, [document(FIRST)]))
    place.proxy.add(Rule(refuse(400), operation=("head", "get"), key="in/file 000.parquet",
                         times=None))
    names = [place.url(f"in/file {i:03}.parquet") for i in range(3)]
    result = place.regroup("inspect", *names, env=env)
    assert result.status != 0 and "HEAD: 400" in result.err
    assert "expired" not in result.err and "no others" not in result.err
    assert "file 001.parquet" in result.out and "file 002.parquet" in result.out
    # Once more by each place: at its beginning and when it was in doubt.
    assert int((tmp_path / "count").read_text()) <= 6


def test_wrong_secret_and_head_first(place, tmp_path):
    """HEAD, of a single file, cannot say what was wrong."""
    env = files(tmp_path, credentials="[default]\n" + keys((FIRST[0], "wrong/secret")))
    result = place.regroup("inspect", place.url("in/x.parquet"), env=env).must(1)
    assert "SignatureDoesNotMatch" in result.err and len(place.proxy.log) == 2


def test_wrong_secret(place, tmp_path):
    env = files(tmp_path, credentials="[default]\n" + keys((FIRST[0], "wrong/secret")))
    result = place.compact(env=env).must(1)
    assert "SignatureDoesNotMatch" in result.err and "wrong/secret" not in result.err
    assert len(place.proxy.log) == 1
