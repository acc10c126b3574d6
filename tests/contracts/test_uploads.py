"""Uploads through the house, with real bytes through S3."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from functions.core.accounts.model import User
from functions.core.recordings.media import S3Media
from tests.house import House

PART = 16 * 1024**2
SONG = (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * (PART // 256 + 1))[: PART + 7]


@pytest.fixture
def house(moto_names: Mapping[str, str]) -> House:
    return House(media=S3Media(moto_names["MediaBucket"]))  # type: ignore[arg-type]


@pytest.fixture
def anna(house: House) -> User:
    return house.a_known_user()


def announce(house: House, user: User, method: str) -> dict[str, Any]:
    wanted = {"filename": "song.wav", "size": len(SONG), "content_type": "audio/wav", "upload_method": method}
    announced: dict[str, Any] = house.client(user).post("/v1/recordings", json=wanted).json()
    return announced


def source_of(announced: dict[str, Any], user: User) -> str:
    return f"media/{user.id}/{announced['recording']['id']}/source"


def put(where: dict[str, Any], body: bytes) -> str:
    answer = requests.put(where["url"], data=body, headers=where["headers"], timeout=30)
    answer.raise_for_status()
    return str(answer.headers["ETag"])


def post(where: dict[str, Any], body: bytes) -> None:
    requests.post(where["url"], data=where["fields"], files={"file": body}, timeout=30).raise_for_status()


@pytest.mark.parametrize(("method", "send"), [("POST", post), ("PUT", put)])
def test_one_request_brings_a_recording(house: House, anna: User, method: str, send: Any) -> None:
    announced = announce(house, anna, method)

    send(announced["upload"], SONG)
    house.arrivals.take_in(source_of(announced, anna))

    recording = house.recordings.get(announced["recording"]["id"])
    assert (recording.stored_status, recording.size, recording.media_type) == ("uploaded", len(SONG), "audio/wav")


def test_parts_bring_a_recording_after_an_interruption(house: House, anna: User) -> None:
    client, announced = house.client(anna), announce(house, anna, "multipart")
    url = f"/v1/recordings/{announced['recording']['id']}"
    put(announced["upload"]["parts"][0], SONG[:PART])

    early = client.post(f"{url}/complete")
    there = {part["number"] for part in client.get(f"{url}/parts").json()["parts"]}
    [missing] = client.post(f"{url}/parts", json={"numbers": early.json()["missing"]}).json()["parts"]
    etag = put(missing, SONG[PART:])
    done = [client.post(f"{url}/complete", json={"parts": [{"number": 2, "etag": etag}]}) for _ in range(2)]
    house.arrivals.take_in(source_of(announced, anna))

    assert (early.status_code, there, missing["number"]) == (409, {1}, 2)
    assert [answer.status_code for answer in done] == [200, 200]
    assert house.recordings.get(announced["recording"]["id"]).stored_status == "uploaded"
    assert house.media.read(source_of(announced, anna)) == SONG


def test_what_was_given_up_leaves_nothing_in_the_bucket(house: House, anna: User) -> None:
    client, announced = house.client(anna), announce(house, anna, "multipart")
    url = f"/v1/recordings/{announced['recording']['id']}"
    put(announced["upload"]["parts"][1], SONG[PART:])

    given_up = [client.delete(f"{url}/parts").status_code for _ in range(2)]

    assert given_up == [204, 204]
    assert house.media.find(source_of(announced, anna)) is None
    assert client.post(f"{url}/complete").status_code == 409
