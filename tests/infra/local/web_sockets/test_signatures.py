import hashlib
from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from infra.local.credentials import Signer
from infra.local.http_events import Request
from infra.local.web_sockets.signatures import NotSigned, signer_of
from tests.infra.local.web_sockets.house import REGION, SIGNERS

PATH = "/ws/%40connections/abc%3D"
KEY = "ASIAPOSTER"


def a_request(body: bytes = b"x", *, query: str = "", headers: dict[str, str] | None = None) -> Request:
    """A request that the poster has signed."""
    signer = SIGNERS[KEY]
    url = f"http://127.0.0.1:8000{PATH}{'?' if query else ''}{query}"
    fresh = AWSRequest(method="POST", url=url, data=body, headers=headers or {})
    fresh.headers["Host"] = "127.0.0.1:8000"
    SigV4Auth(Credentials(KEY, signer.secret_key, signer.token), "execute-api", REGION).add_auth(fresh)
    return Request(
        method="POST",
        path="/ws/@connections/abc=",
        query=query,
        headers=tuple((name.lower(), value) for name, value in fresh.headers.items()),
        body=body,
        client="127.0.0.1",
        scheme="http",
        http_version="1.1",
    )


def read(request: Request, path: str = PATH) -> Signer:
    return signer_of(request, path, region=REGION, find=SIGNERS.get)


def without(request: Request, name: str) -> Request:
    return replace(request, headers=tuple(pair for pair in request.headers if pair[0] != name))


@given(body=st.binary(max_size=200), query=st.sampled_from(["", "a=1", "b=2&a=%20x"]))
def test_what_boto_signs_is_its_own(body: bytes, query: str) -> None:
    assert read(a_request(body, query=query)) is SIGNERS[KEY]


@given(body=st.binary(max_size=200), other=st.binary(max_size=200))
def test_a_signature_covers_the_body(body: bytes, other: bytes) -> None:
    request = replace(a_request(body), body=other)
    if body == other:
        assert read(request) is SIGNERS[KEY]
    else:
        with pytest.raises(NotSigned):
            read(request)


def test_a_named_hash_must_be_the_body_s() -> None:
    named = {"X-Amz-Content-SHA256": hashlib.sha256(b"x").hexdigest()}
    request = a_request(headers=named)
    assert read(request) is SIGNERS[KEY]
    with pytest.raises(NotSigned):
        read(replace(request, body=b"y"))


def test_a_signature_covers_method_path_query_and_time() -> None:
    request = a_request()
    later = tuple((name, "20990101T000000Z" if name == "x-amz-date" else value) for name, value in request.headers)
    for changed in (replace(request, method="DELETE"), replace(request, query="a=1"), replace(request, headers=later)):
        with pytest.raises(NotSigned, match="not one of this request"):
            read(changed)
    with pytest.raises(NotSigned, match="not one of this request"):
        read(request, "/ws/%40connections/other%3D")


@pytest.mark.parametrize("name", ["authorization", "x-amz-security-token"])
def test_nothing_that_a_signature_needs_may_be_missing(name: str) -> None:
    with pytest.raises(NotSigned):
        read(without(a_request(), name))


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-security-token"])
def test_a_signed_header_that_did_not_come_is_refused(name: str) -> None:
    with pytest.raises(NotSigned):
        read(without(a_request(), name))
