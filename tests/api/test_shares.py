from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.jobs.model import Kind
from functions.core.recordings.model import Process, Recording
from functions.core.shares.links import Links
from functions.core.shares.store import MOST_SHARES
from tests.builders import a_transcript
from tests.fakes.clock import FakeClock
from tests.house import House


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def recording(house: House, anna: User) -> Recording:
    said = a_transcript("<b>Send</b> the invoice.", "Нужно проверить договор.")
    return house.a_transcribed_recording(anna, said, title="Встреча <1>", process=(Process(Kind.TRANSCRIBE),))


def share(client: TestClient, recording: Recording, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/recordings/{recording.id}/shares", json=body)
    assert answer.status_code == 201
    return dict(answer.json())


def test_whoever_has_a_link_reads_without_an_account(house: House, anna: User, recording: Recording) -> None:
    token = share(house.client(anna), recording)["token"]
    anybody = house.client()

    about = anybody.get(f"/v1/shared/{token}")

    assert (about.status_code, about.json()["title"]) == (200, "Встреча <1>")
    assert anna.id not in about.text
    assert about.headers["referrer-policy"] == "no-referrer"
    assert "договор" in anybody.get(f"/v1/shared/{token}/transcript", params={"format": "srt"}).text
    assert anybody.get(f"/v1/shared/{token}/audio").status_code == 307
    assert anybody.get(f"/v1/shared/{token}/summary").json()["code"] == "no-summary"


def test_a_link_shows_corrections(house: House, anna: User, recording: Recording) -> None:
    client = house.client(anna)
    token = share(client, recording)["token"]
    client.patch(f"/v1/recordings/{recording.id}/transcript", json={"segments": [{"id": 0, "text": "Corrected."}]})

    assert "Corrected." in house.client().get(f"/v1/shared/{token}/transcript", params={"format": "txt"}).text


def test_a_link_shows_no_more_than_was_said(house: House, anna: User, recording: Recording) -> None:
    token = share(house.client(anna), recording, parts=["transcript"])["token"]

    for part in ("audio", "summary"):
        answer = house.client().get(f"/v1/shared/{token}/{part}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-shared")
    assert "<audio" not in house.client().get(f"/shared/{token}").text


def test_a_page_shows_what_was_said_as_text_and_runs_nothing(house: House, anna: User, recording: Recording) -> None:
    token = share(house.client(anna), recording)["token"]

    answer = house.client().get(f"/shared/{token}", headers={"Accept-Language": "ru-RU,ru"})

    assert "&lt;b&gt;Send&lt;/b&gt;" in answer.text
    assert "<h1>Встреча &lt;1&gt;</h1>" in answer.text
    assert "<script" not in answer.text
    assert "Расшифровка" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("way", ["expired", "revoked", "deleted", "forged", "nonsense", "other key"])
def test_links_that_show_nothing_are_not_told_apart(
    house: House, anna: User, clock: FakeClock, recording: Recording, way: str
) -> None:
    client = house.client(anna)
    made = share(client, recording, expires_in_days=1)
    token = made["token"]
    match way:
        case "expired":
            clock.pass_time(timedelta(days=1))
        case "revoked":
            url = f"/v1/recordings/{recording.id}/shares/{made['id']}"
            assert client.delete(url).status_code == 204
            assert client.delete(url).status_code == 404
        case "deleted":
            house.recordings.delete(recording)
        case "forged":
            token = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        case "nonsense":
            token = "shr_é.%00"
        case "other key":
            token = Links(House(clock=clock).ring).token_of(made["id"])

    answer = house.client().get(f"/v1/shared/{token}")

    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-link")
    page = house.client().get(f"/shared/{token}")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_an_owner_sees_the_open_links_again(house: House, anna: User, clock: FakeClock, recording: Recording) -> None:
    client = house.client(anna)
    short = share(client, recording, expires_in_days=1, label="Ольга")
    long = share(client, recording, expires_in_days=2)

    assert client.get(f"/v1/recordings/{recording.id}/shares").json()["items"] == [long, short]
    clock.pass_time(timedelta(days=1))
    assert house.client(anna).get(f"/v1/recordings/{recording.id}/shares").json()["items"] == [long]


def test_the_same_request_makes_one_link(house: House, anna: User, recording: Recording) -> None:
    client, url = house.client(anna), f"/v1/recordings/{recording.id}/shares"
    headers = {"Idempotency-Key": "once"}

    first, again = (client.post(url, json={"label": "a"}, headers=headers) for _ in range(2))
    other = client.post(url, json={"label": "b"}, headers=headers)

    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_recording_has_only_so_many_links(house: House, anna: User, recording: Recording) -> None:
    client = house.client(anna)
    for _ in range(MOST_SHARES):
        share(client, recording)

    answer = client.post(f"/v1/recordings/{recording.id}/shares", json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-shares")


@pytest.mark.parametrize(
    "body",
    [
        {"parts": []},
        {"parts": ["video"]},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"expires_in_days": True},
        {"label": "a\nb"},
    ],
)
def test_a_wrong_wish_makes_no_link(house: House, anna: User, recording: Recording, body: dict[str, Any]) -> None:
    assert house.client(anna).post(f"/v1/recordings/{recording.id}/shares", json=body).status_code == 422


def test_removing_a_recording_removes_its_links(house: House, anna: User, recording: Recording) -> None:
    share(house.client(anna), recording)

    house.shares.remove_of(recording)

    assert not [pk for pk in house.library_table.documents if pk.startswith("SHARE#")]
