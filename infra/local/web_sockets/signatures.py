"""Whether a request is signed by somebody whose key this house has handed out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.local.credentials import Signer
from infra.local.http_events import Request

_SERVICE: Final = "execute-api"
_SIGNED: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request, *"
    r"SignedHeaders=(?P<headers>[a-z0-9;_-]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_ALWAYS_SIGNED: Final = {"host", "x-amz-date"}


class NotSigned(Exception):
    """What is wrong with a signature, under AWS's name for it."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def signer_of(request: Request, raw_path: str, *, region: str, find: Callable[[str], Signer | None]) -> Signer:
    """Return who signed a request.

    Raises:
        NotSigned: nobody, somebody unknown, or something else than this request.
    """
    headers = dict(request.headers)
    found = _SIGNED.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise NotSigned("MissingAuthenticationTokenException", "Missing Authentication Token")
    signer = find(found["key"])
    if signer is None or not _same(headers.get("x-amz-security-token", ""), signer.token or ""):
        raise NotSigned("UnrecognizedClientException", "The security token included in the request is invalid.")
    names = set(found["headers"].split(";"))
    is_for_us = (found["region"], found["service"]) == (region, _SERVICE) and _ALWAYS_SIGNED <= names <= set(headers)
    if not is_for_us or not _has_its_own_body(headers, request.body):
        raise NotSigned("InvalidSignatureException", "The signature is not one of this request.")
    signed = {name: value for name, value in headers.items() if name in names}
    expected = _signature(request, raw_path, signed, Credentials(found["key"], signer.secret_key, signer.token), region)
    if not _same(expected, found["signature"]):
        raise NotSigned("InvalidSignatureException", "The signature is not one of this request.")
    return signer


def _signature(request: Request, raw_path: str, signed: dict[str, str], credentials: Credentials, region: str) -> str:
    query = f"?{request.query}" if request.query else ""
    # The host is that of the signed header.
    url = f"http://localhost{raw_path}{query}"
    fresh = AWSRequest(method=request.method, url=url, headers=signed, data=request.body)
    fresh.context["timestamp"] = signed["x-amz-date"]
    auth = SigV4Auth(credentials, _SERVICE, region)
    signature: str = auth.signature(auth.string_to_sign(fresh, auth.canonical_request(fresh)), fresh)
    return signature


def _has_its_own_body(headers: dict[str, str], body: bytes) -> bool:
    # Where a signer names the body's hash, the signature covers that and not the body.
    named = headers.get("x-amz-content-sha256")
    return named is None or _same(named, hashlib.sha256(body).hexdigest())


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
