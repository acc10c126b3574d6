"""People on the running system: by phone and by name, made admin, shut out, erased; and what a thief would find."""

import json
import random
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.journeys.caller import Caller
from tests.journeys.conftest import watched_system
from tests.local_system import LocalSystem, eventually
from tests.speech_synthesis import SAMPLE_RATE, conversation, encode

pytestmark = pytest.mark.journey

PASSWORD = "correct horse battery staple"
SOON = 30.0
_CODE = re.compile(r"\b(\d{6}) is your Parley code|text='(\d{6})\b")


def a_phone() -> str:
    return f"+7999{random.randrange(10_000_000):07d}"


def newest_code(system: LocalSystem, phone: str, *, after: int) -> str:
    """Read a code where a developer does: in the log, since `after` characters."""

    def look() -> str | None:
        lines = [line for line in system.log[after:].splitlines() if f"***{phone[-2:]}" in line]
        found = [match for line in lines for match in _CODE.findall(line)]
        return "".join(found[-1]) if found else None

    return str(eventually(look, within=SOON))


def test_a_person_with_a_phone_registers_signs_in_and_stays_signed_in(system: LocalSystem) -> None:
    phone, before = a_phone(), len(system.log)
    with httpx.Client(base_url=system.url, timeout=60) as http:
        challenge = http.post(
            "/v1/auth/register", data={"phone": phone, "name": "Анна", "nickname": "Аня", "password": PASSWORD}
        ).json()
        verified = http.post(
            "/v1/auth/register/verify",
            json={
                "challenge_id": challenge["challenge_id"],
                "code": newest_code(system, phone, after=before),
            },
        ).raise_for_status()
        refreshed = http.post("/v1/auth/refresh", json={"refresh_token": verified.json()["refresh_token"]})
        with Caller(system.url, refreshed.raise_for_status().json()["access_token"]) as anna:
            me = anna.http.get("/v1/auth/me").json()
            anna.http.post("/v1/auth/logout").raise_for_status()
            after_logout = anna.http.get("/v1/auth/me")

    assert (me["phone"], me["name"]) == (phone, "Анна")
    assert after_logout.json()["code"] == "session-over"


def test_swagger_s_authorize_signs_in(system: LocalSystem, anna: Caller) -> None:
    username = anna.http.get("/v1/auth/me").json()["username"]

    token = httpx.post(
        f"{system.url}/v1/auth/token",
        data={"grant_type": "password", "username": username, "password": PASSWORD, "scope": ""},
        headers={"Origin": system.url, "Sec-Fetch-Site": "same-origin", "Authorization": "Basic Og=="},
        timeout=60,
    )

    assert token.status_code == 200
    assert token.json()["token_type"] == "bearer"


def test_an_operator_makes_an_admin_who_shuts_somebody_out(system: LocalSystem, anna: Caller) -> None:
    anna_id = anna.http.get("/v1/auth/me").json()["id"]
    with Caller(system.url, "operator-key") as operator:
        off = operator.http.patch(f"/v1/users/{anna_id}", json={"active": False})
        found = operator.http.get("/v1/users", params={"q": off.json()["username"]}).json()["items"]
        audit = operator.http.get("/v1/audit").json()["items"]

    assert off.json()["active"] is False
    assert anna.http.get("/v1/recordings").status_code == 401
    assert [one["id"] for one in found] == [anna_id]
    assert any(one["target_id"] == anna_id for one in audit)


def test_an_erased_person_leaves_nothing_behind(system: LocalSystem, anna: Caller, folder: Path) -> None:
    wav = folder / "a.wav"
    encode(wav, conversation(["Send the invoice to Anna by Friday."], "en-us"), SAMPLE_RATE)
    recording = anna.settled(anna.upload(wav))
    job_ids = [job["id"] for job in recording["jobs"]]
    anna_id = anna.http.get("/v1/auth/me").json()["id"]
    anna.http.post("/v1/api-keys", json={"name": "phone"}).raise_for_status()
    traces = (anna_id, recording["id"], *job_ids)
    assert all(any(trace in text for text in everything_kept(system)) for trace in traces)

    anna.http.delete("/v1/auth/me").raise_for_status()

    assert anna.http.get("/v1/auth/me").status_code == 401
    eventually(lambda: not any(trace in text for text in everything_kept(system) for trace in traces), within=SOON)


def everything_kept(system: LocalSystem) -> list[str]:
    """Every item of every table, and the key of every version of every object."""
    return [*tables(system), *objects(system)]


def tables(system: LocalSystem) -> list[str]:
    dynamodb = system.aws("dynamodb")
    names = dynamodb.list_tables()["TableNames"]
    pages = (dynamodb.get_paginator("scan").paginate(TableName=name) for name in names)
    return [str(item) for of_table in pages for page in of_table for item in page["Items"]]


def objects(system: LocalSystem) -> list[str]:
    s3 = system.aws("s3")
    found: list[dict[str, Any]] = []
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"]):
            found += [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [one["Key"] for one in found]


def test_neither_tables_nor_logs_hold_what_is_personal_or_secret(system: LocalSystem) -> None:
    phone, before, name = a_phone(), len(system.log), f"Аделаида-{uuid4()}"
    nickname, username = f"nick-{uuid4()}", f"user-{uuid4()}"
    email = f"{username}@mail.example"
    with httpx.Client(base_url=system.url, timeout=60) as http:
        registration = {"phone": phone, "name": name, "nickname": nickname, "username": username, "email": email}
        challenge = http.post("/v1/auth/register", json=registration | {"password": PASSWORD}).json()
        code = newest_code(system, phone, after=before)
        signed_in = http.post(
            "/v1/auth/register/verify", json={"challenge_id": challenge["challenge_id"], "code": code}
        ).json()
        http.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        key = http.post("/v1/api-keys", json={"name": "phone"}).json()["secret"]
        http.post("/v1/auth/password/reset", json={"identifier": email})
        http.post("/v1/auth/login", json={"identifier": phone, "password": "a wrong password"})
    personal = [phone, phone[1:], name, nickname, email, username.upper() + "@"]
    secret = [PASSWORD, "a wrong password", signed_in["access_token"], signed_in["refresh_token"], key]

    kept, log = tables(system), system.log

    assert [one for one in personal + secret if any(one in item for item in kept)] == []
    assert [one for one in personal + secret if one in log] == []
    # The sender of a laptop writes codes into the log, and nobody else does.
    assert {line.split("process=")[1].split()[0] for line in log[before:].splitlines() if code in line} == {"messages"}
    attributes = [value for item in kept for value in re.findall(r"'[SN]': '([^']*)'", item)]
    assert code not in attributes


def test_the_sixth_call_in_a_minute_is_refused_and_a_shout_for_another_address_changes_nothing(
    tmp_path: Path,
) -> None:
    with watched_system(tmp_path, AUTH_CALLS_PER_MINUTE="5") as system, httpx.Client(base_url=system.url) as http:
        answers = [
            http.post(
                "/v1/auth/login",
                json={"identifier": f"nobody-{number}", "password": "x"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
                timeout=60,
            )
            for number in range(6)
        ]
        setup_code = json.loads((system.data_dir / "secrets.json").read_text())["setup_code"]
        banner = system.log
        admin = {"username": "first", "email": "first@example.com", "password": PASSWORD, "setup_code": setup_code}
        first = http.post("/v1/auth/first-admin", json=admin, timeout=60)
        housekeeping_runs(system)

    assert [one.status_code for one in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[0].headers["ratelimit-policy"] == '"login";q=5;w=60'
    assert f"admin create --setup-code {setup_code}" in banner
    assert first.json()["user"]["role"] == "admin"


def housekeeping_runs(system: LocalSystem) -> None:
    """Call it as its schedule does, and wait for its report."""
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T03:20:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {},
    }
    sqs = system.aws("sqs")
    url = sqs.get_queue_url(QueueName="parley-local-MaintenanceHousekeepingFunctionDaily-events")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    eventually(lambda: "house kept" in system.log, within=SOON)
