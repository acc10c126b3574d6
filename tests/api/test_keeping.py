"""How long recordings are kept: as their owner says, or else as the server does."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import Role, User
from tests.api.test_recordings import WAV, announce
from tests.builders import NOON, a_recording
from tests.fakes.clock import FakeClock
from tests.house import House

IN_3, IN_7, IN_30 = "2026-11-24T12:00:00Z", "2026-11-28T12:00:00Z", "2026-12-21T12:00:00Z"


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock, keep_days=30)


def kept_until(client: TestClient, content: bytes) -> set[str | None]:
    """Return until when recordings are kept that are made now, in each way."""
    file = {"file": ("a.wav", WAV + content, "audio/wav")}
    made: list[Any] = [announce(client), client.post("/v1/uploads", files=file)]
    before = client.get("/v1/recordings").json()["items"]
    client.post("/v1/audio/transcriptions", files=file, data={"model": "whisper-1"})
    (third,) = (one for one in client.get("/v1/recordings").json()["items"] if one not in before)
    return {third["keep_until"], *(one.json()["recording"]["keep_until"] for one in made)}


def test_new_recordings_are_kept_as_their_owner_says_or_else_as_the_server_does(house: House, anna: User) -> None:
    client = house.client(anna)
    key = client.post("/v1/api-keys", json={"name": "phone"}).json()["secret"]

    assert kept_until(client, b"1") == {IN_30}
    assert client.patch("/v1/auth/me", json={"keep_days": 7}).json()["keep_days"] == 7
    assert client.get("/v1/auth/me").json()["keep_days"] == 7
    assert kept_until(client, b"2") == {IN_7}
    assert kept_until(house.client(bearer=key), b"3") == {IN_7}
    assert client.patch("/v1/auth/me", json={"keep_days": None}).json()["keep_days"] is None
    assert kept_until(client, b"4") == {IN_30}
    assert len(client.get("/v1/recordings", params={"limit": 100}).json()["items"]) == 12


def test_recordings_are_kept_for_ever_where_nobody_says_otherwise(clock: FakeClock) -> None:
    house = House(clock=clock)

    assert kept_until(house.client(house.a_known_user()), b"") == {None}
    assert not any(pk.startswith("RETENTION#") for pk in house.library_table.documents)


def test_an_admin_says_how_long_somebodys_recordings_are_kept(house: House, anna: User) -> None:
    admin = house.client(house.a_known_user(role=Role.ADMIN))
    path = f"/v1/users/{anna.id}"

    assert admin.patch(path, json={"keep_days": 3}).json()["keep_days"] == 3
    assert kept_until(house.client(anna), b"1") == {IN_3}
    assert admin.patch(path, json={"role": "user"}).json()["keep_days"] == 3
    assert admin.patch(path, json={"keep_days": None}).json()["keep_days"] is None
    facts = [one["facts"] for one in admin.get("/v1/audit").json()["items"]]
    assert facts == [{"keep_days": "None"}, {"role": "user"}, {"keep_days": "3"}]


def test_days_that_are_none_are_refused(house: House, anna: User) -> None:
    me, admin = house.client(anna), house.client(house.a_known_user(role=Role.ADMIN))

    for bad in (0, -1, 36501, 1.5, "soon"):
        assert me.patch("/v1/auth/me", json={"keep_days": bad}).status_code == 422
        assert admin.patch(f"/v1/users/{anna.id}", json={"keep_days": bad}).status_code == 422
    assert admin.patch(f"/v1/users/{anna.id}", json={}).status_code == 422


def test_an_upload_that_comes_when_its_recordings_time_is_over_is_removed_for_good(
    house: House, clock: FakeClock, anna: User
) -> None:
    key = f"media/{anna.id}/rec_1/source"
    house.recordings.add(a_recording(id="rec_1", owner_id=anna.id, keep_until=NOON + timedelta(minutes=5)))
    clock.pass_time(timedelta(minutes=5))

    house.media.write(key, WAV, content_type="audio/wav")
    house.arrivals.take_in(key)

    assert house.media.kept == set()
    assert house.queues.waiting() == []
