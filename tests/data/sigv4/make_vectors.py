#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Writes the signing vectors beside it; only needed to make them anew.

    make_vectors.py suite FOLDER   aws.tsv: the test suite of awslabs/aws-c-auth (Apache-2.0),
                                   tests/aws-signing-test-suite, as one file
    make_vectors.py odd            odd.tsv: requests with odd keys, signed by botocore

A line is a case, fields are separated by tabs: name, method, path, parameters, headers, payload
hash, date, region, service, access key, secret, canonical request, signature. Path and parameters
are not encoded. In a field a backslash begins an escape: \\n, \\t, \\\\, \\r; lists are separated
by the byte 0x1e, a name from its value by 0x1f.
"""

import datetime
import hashlib
import json
import random
import sys
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent


def escape(text):
    for plain, code in (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(plain, code)
    return text


def pairs(items):
    return "\x1e".join(f"{name}\x1f{value}" for name, value in items)


def line(*fields):
    return "\t".join(escape(field) for field in fields) + "\n"


def unquote(text):
    return urllib.parse.unquote(text, errors="surrogateescape")


def parse_request(text):
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, rest = first.split(" ", 1)
    target = rest.rsplit(" ", 1)[0]
    path, _, query = target.partition("?")
    headers = []
    for item in lines:
        if item[:1] in " \t":
            name, value = headers[-1]
            headers[-1] = (name, value + "\n" + item)
        else:
            name, _, value = item.partition(":")
            headers.append((name.lower(), value))
    parameters = []
    for item in query.split("&") if query else []:
        name, _, value = item.partition("=")
        parameters.append((unquote(name), unquote(value)))
    return method, unquote(path), parameters, headers, body


def suite(folder):
    out = []
    for entry in json.loads((folder / "manifest-v4.json").read_text()):
        case = folder / "v4" / entry["name"]
        read = lambda name: (case / name).read_bytes().decode("utf-8", "surrogateescape")
        context = json.loads(read("context.json"))
        method, path, parameters, headers, body = parse_request(read("request.txt"))
        sent = urllib.parse.quote(path, safe="/-._~", errors="surrogateescape")
        if read("header-canonical-request.txt").split("\n")[1] != sent:
            continue  # Its path is normalised or encoded twice, which S3 never does.
        credentials = context["credentials"]
        date = context["timestamp"].replace("-", "").replace(":", "")
        region, service = context["region"], context["service"]
        token = credentials.get("token")
        omits_token = context.get("omit_session_token", False)
        scope = f"{date[:8]}/{region}/{service}/aws4_request"
        for kind in ("header", "query"):
            canonical = read(f"{kind}-canonical-request.txt")
            signed = canonical.rsplit("\n", 2)[1]
            payload = canonical.rsplit("\n", 1)[1]
            own = list(headers)
            query = list(parameters)
            if kind == "header":
                own.append(("x-amz-date", date))
                if token and not omits_token:
                    own.append(("x-amz-security-token", token))
                if "x-amz-content-sha256" in signed:
                    own.append(("x-amz-content-sha256", payload))
            else:
                query += [
                    ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                    ("X-Amz-Credential", credentials["access_key_id"] + "/" + scope),
                    ("X-Amz-Date", date),
                    ("X-Amz-SignedHeaders", signed),
                    ("X-Amz-Expires", str(context["expiration_in_seconds"])),
                ]
                if token and not omits_token:
                    query.append(("X-Amz-Security-Token", token))
                if context["sign_body"] and "x-amz-content-sha256" in signed:
                    own.append(("x-amz-content-sha256", payload))
            names = set(signed.split(";"))
            own = [(name, value) for name, value in own if name in names]
            out.append(
                line(
                    f"{entry['name']}, {kind}", method, path, pairs(query), pairs(own), payload,
                    date, region, service, credentials["access_key_id"],
                    credentials["secret_access_key"], canonical, read(f"{kind}-signature.txt"),
                )
            )
    documented = json.loads((folder / "s3-doc-vectors.json").read_text())
    for vector in documented["vectors"]:
        canonical = vector.get("canonical", "")
        if canonical.count("\n") < 6:
            continue  # A chunk of a streamed body, which we do not send.
        method, path, query, *lines = canonical.split("\n")
        cut = lines.index("")
        headers = [tuple(item.split(":", 1)) for item in lines[:cut]]
        parameters = [
            tuple(unquote(part) for part in (item.split("=", 1) + [""])[:2])
            for item in (query.split("&") if query else [])
        ]
        out.append(
            line(
                vector["name"], method, unquote(path), pairs(parameters), pairs(headers), lines[-1],
                documented["timestamp"], documented["region"], documented["service"],
                documented["access_key"], documented["secret_key"], canonical, vector["expected"],
            )
        )
    write("aws.tsv", out)


ALPHABET = (
    list("abcXYZ019-._~")
    + list("+ %=&<>'\"?#/:;,@!$*()[]{}|\\^`")
    + ["//", "/./", "/../", "%2F", "%20", "é", "ß", "日本", "🎉", "\u0301", "\x01", "\x7f", " "]
)


def odd():
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    draw = random.Random(20260101)
    fixed = [
        "dt=2024-05-22/part 1.parquet", "a+b", "100%", "%41", "a//b", "/lead", "a/./b", "a/../b",
        "trail/", "ü/ÿ", "日本/🎉", "q?x=1&y=2", "#hash", "~", "*", "'\"", "a=b=c", " blank ", "\\",
        "|", "^", "`", "{}", "[]", "<>", "!$&'()*+,;=:@", "%2F", "%", "%zz", "a\tb",
    ]
    keys = fixed + ["".join(draw.choices(ALPHABET, k=draw.randint(1, 24))) for _ in range(390)]
    out = []
    for number, key in enumerate(keys):
        secret = "".join(draw.choices("abcdefghijABCDEFGHIJ/+0123456789", k=40))
        access = "AKID%016d" % number
        token = None
        if number % 3 == 0:
            token = "".join(draw.choices("abc/+=0", k=draw.randint(20, 300)))
        region = draw.choice(["us-east-1", "eu-central-1", "default", "cn-north-1"])
        hosts = ["localhost:7480", "b.s3.amazonaws.com", "127.0.0.1:9000", "[::1]:81"]
        host = draw.choice(hosts)
        method = draw.choice(["GET", "PUT", "HEAD", "DELETE", "POST"])
        parameters = draw.choice(
            [
                [],
                [("uploads", "")],
                [("list-type", "2"), ("prefix", key), ("delimiter", "/")],
                [("uploadId", "a/b+c=" + key[:3]), ("partNumber", str(number))],
                [("max-keys", "2"), ("continuation-token", "1/=+ " + key), ("delimiter", "/")],
            ]
        )
        now = datetime.datetime(2024, 2, 29, 12) + datetime.timedelta(seconds=number * 86399)
        date = now.strftime("%Y%m%dT%H%M%SZ")
        path = "/bucket/" + key
        url = f"http://{host}" + urllib.parse.quote(path, safe="/-._~")
        if parameters:
            url += "?" + "&".join(
                urllib.parse.quote(n, safe="-._~") + "=" + urllib.parse.quote(v, safe="-._~")
                for n, v in parameters
            )
        payload = hashlib.sha256(key.encode()).hexdigest() if method == "PUT" else (
            "UNSIGNED-PAYLOAD" if number % 5 == 0 else hashlib.sha256(b"").hexdigest()
        )
        headers = {"X-Amz-Content-SHA256": payload}
        if number % 4 == 0:
            headers["Range"] = f"bytes={number}-{number * 7}"
        if number % 7 == 0:
            headers["If-Match"] = '"%032x"' % number
            headers["x-amz-meta-test"] = "a  b"
            headers["x-amz-meta-test-two"] = " c "
        request = AWSRequest(method=method, url=url, headers=headers)
        request.context["timestamp"] = date
        request.context["payload_signing_enabled"] = payload != "UNSIGNED-PAYLOAD"
        signer = S3SigV4Auth(Credentials(access, secret, token), "s3", region)
        signer.payload = lambda request, payload=payload: payload
        if token:
            request.headers["X-Amz-Security-Token"] = token
        request.headers["X-Amz-Date"] = date
        canonical = signer.canonical_request(request)
        text = signer.string_to_sign(request, canonical)
        signature = signer.signature(text, request)
        signed = [("host", host)] + [(n.lower(), v) for n, v in request.headers.items()]
        out.append(
            line(
                f"odd key {number}", method, path, pairs(parameters), pairs(signed), payload, date,
                region, "s3", access, secret, canonical, signature,
            )
        )
    write("odd.tsv", out)


def write(name, lines):
    text = "".join(lines).encode("utf-8", "surrogateescape")
    (HERE / name).write_bytes(text)
    print(f"{name}: {len(lines)} cases, {len(text)} bytes")


if __name__ == "__main__":
    if sys.argv[1:2] == ["suite"]:
        suite(Path(sys.argv[2]))
    elif sys.argv[1:] == ["odd"]:
        odd()
    else:
        sys.exit(__doc__)
