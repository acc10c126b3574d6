"""The doors as on AWS, with keys of KMS (moto's): who signs, who only verifies, and what each asks of KMS."""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from functions.core.aws import client
from tests.builders import PASSWORD
from tests.moto_stack import moto_stack

DOORS = ("functions.accounts.app", "functions.recordings.app")


@pytest.fixture(scope="module")
def names() -> Iterator[Mapping[str, str]]:
    with moto_stack() as names:
        yield names


@pytest.fixture(scope="module")
def kms_keys(names: Mapping[str, str]) -> Mapping[str, str]:
    kms = boto3.client("kms")
    index_key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return {"WRAPPING_KEY": kms.create_key()["KeyMetadata"]["Arn"], "INDEX_KEY": index_key["KeyMetadata"]["Arn"]}


@pytest.fixture
def kms_calls() -> list[str]:
    calls: list[str] = []
    client("kms").meta.events.register("before-call.kms", lambda model, **_: calls.append(model.name))
    return calls


@pytest.fixture
def doors(
    names: Mapping[str, str], kms_keys: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mapping[str, Any]]:
    for variable, value in {
        "ACCOUNTS_TABLE": names["AccountsTable"],
        "LIBRARY_TABLE": names["LibraryTable"],
        "MEDIA_BUCKET": names["MediaBucket"],
        **kms_keys,
    }.items():
        monkeypatch.setenv(variable, value)
    yield {door: importlib.import_module(door) for door in DOORS}
    for door in DOORS:
        sys.modules.pop(door, None)


def called(door: Any, method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
    """Call a door's handler as the gateway does."""
    request = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "tests"}
    answer = door.handler(
        {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "host": "x", "authorization": f"Bearer {token}"},
            "requestContext": {"http": request, "requestId": "1", "stage": "$default", "domainName": "x"},
            "body": json.dumps(body) if body is not None else "",
            "isBase64Encoded": False,
        },
        None,
    )
    return {"status": answer["statusCode"], **json.loads(answer["body"] or "{}")}


def test_keys_of_kms_sign_and_seal_and_the_other_doors_verify_without_kms(
    doors: Mapping[str, Any], names: Mapping[str, str], kms_calls: list[str]
) -> None:
    accounts, recordings = (doors[door] for door in DOORS)
    registration = {"username": "anna", "email": "anna@example.com", "name": "Анна Петрова", "password": PASSWORD}

    made = called(accounts, "POST", "/v1/auth/register", registration)
    token = called(accounts, "POST", "/v1/auth/login", {"identifier": "ANNA@example.com", "password": PASSWORD})
    me = called(accounts, "GET", "/v1/auth/me", token=token["access_token"])
    asked_by_accounts = sorted(set(kms_calls))
    kms_calls.clear()
    listed = called(recordings, "GET", "/v1/recordings", token=token["access_token"])
    forged = called(recordings, "GET", "/v1/recordings", token=token["access_token"][:-6] + "AAAAAA")

    dump = str(boto3.client("dynamodb").scan(TableName=names["AccountsTable"])["Items"])
    assert (made["status"], token["status"], listed["status"], forged["status"]) == (201, 200, 200, 401)
    assert (me["name"], me["email"]) == ("Анна Петрова", "anna@example.com")
    assert {"Decrypt", "GenerateMac"} <= set(asked_by_accounts) <= {"Decrypt", "GenerateDataKey", "GenerateMac"}
    assert kms_calls == []
    assert "Петрова" not in dump
    assert "anna@example.com" not in dump


def test_to_sign_in_by_email_asks_for_one_index_and_a_new_nickname_for_none(
    doors: Mapping[str, Any], kms_calls: list[str]
) -> None:
    accounts = doors[DOORS[0]]
    called(accounts, "POST", "/v1/auth/register", {"username": "bert", "email": "b@example.com", "password": PASSWORD})
    kms_calls.clear()

    token = called(accounts, "POST", "/v1/auth/login", {"identifier": "b@example.com", "password": PASSWORD})
    to_sign_in = kms_calls.count("GenerateMac")
    changed = called(accounts, "PATCH", "/v1/auth/me", {"nickname": "Берт"}, token=token["access_token"])

    assert (token["status"], changed["nickname"]) == (200, "Берт")
    assert (to_sign_in, kms_calls.count("GenerateMac")) == (1, 1)
