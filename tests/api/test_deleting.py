"""Deleting recordings, one or many: there for nobody at once, and then gone."""

import pytest

from functions.core.accounts.model import Role, User
from functions.core.errors import Conflict
from functions.core.recordings.model import Recording
from tests.api.test_recordings import arrive
from tests.builders import a_recording, a_transcript
from tests.house import House


def there_of(house: House, *owners: User) -> list[Recording]:
    return [house.recordings.add(a_recording(owner_id=owner.id)) for owner in owners]


def bulk(house: House, caller: User, ids: list[str]) -> tuple[list[str], dict[str, str]]:
    answer = house.client(caller).post("/v1/recordings/bulk-delete", json={"ids": ids})
    assert answer.status_code == 200, answer.text
    return answer.json()["deleted"], {one["id"]: one["code"] for one in answer.json()["failed"]}


def test_a_deleted_recording_is_there_for_nobody_at_once_and_then_gone(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)

    answer = client.delete(f"/v1/recordings/{recording.id}")

    assert (answer.status_code, answer.content) == (204, b"")
    for who in (anna, house.a_known_user(role=Role.ADMIN)):
        for path in ("", "/audio", "/transcript", "/summary"):
            assert house.client(who).get(f"/v1/recordings/{recording.id}{path}").status_code == 404
        listed = house.client(who).get("/v1/recordings", params={"scope": "all"} if who is not anna else {})
        assert listed.json()["items"] == []
    again = {"recording_id": recording.id, "kind": "transcribe"}
    assert client.post("/v1/jobs", json=again).status_code == 404
    assert client.patch(f"/v1/recordings/{recording.id}", json={"title": "x"}).status_code == 404
    assert client.delete(f"/v1/recordings/{recording.id}").status_code == 404
    house.settle()
    assert recording.id not in repr(house.library_table.documents)
    assert not any(job_id in repr(house.library_table.documents) for job_id in recording.job_ids)
    assert house.media.kept == set()


def test_nobody_deletes_what_is_another_ones_but_admins(house: House, anna: User) -> None:
    (recording,) = there_of(house, anna)
    path = f"/v1/recordings/{recording.id}"

    assert house.client(house.a_known_user()).delete(path).status_code == 404
    assert house.recordings.find(recording.id) is not None
    assert house.client(house.a_known_user(role=Role.ADMIN)).delete(path).status_code == 204


def test_many_are_deleted_each_by_itself(house: House, anna: User) -> None:
    boris = house.a_known_user()
    first, second, others, gone = there_of(house, anna, anna, boris, anna)
    house.recordings.delete(gone)

    deleted, failed = bulk(house, anna, [second.id, others.id, first.id, second.id, "rec_none", gone.id, ""])

    assert deleted == [second.id, first.id]
    assert failed == {others.id: "not-found", "rec_none": "not-found", gone.id: "not-found", "": "not-found"}
    assert house.recordings.get_many([first.id, second.id, others.id]) == [others]
    assert bulk(house, house.a_known_user(role=Role.ADMIN), [others.id]) == ([others.id], {})


def test_what_cannot_be_deleted_says_why_and_holds_up_no_other(
    house: House, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, broken, fine = there_of(house, anna, anna, anna)
    delete = house.recordings.delete

    def break_some(recording: Recording) -> Recording:
        if recording.id == busy.id:
            raise Conflict("Too many at once.", code="busy")
        if recording.id == broken.id:
            raise OSError("the network, or whatever")
        return delete(recording)

    monkeypatch.setattr(house.recordings, "delete", break_some)

    deleted, failed = bulk(house, anna, [busy.id, broken.id, fine.id])

    assert (deleted, failed) == ([fine.id], {busy.id: "busy", broken.id: "internal-error"})


def test_a_thousand_go_at_once_and_no_more(house: House, anna: User) -> None:
    ids = [one.id for one in there_of(house, *[anna] * 1000)]
    client = house.client(anna)
    for bad in ([*ids, "rec_1001"], [], ["x" * 65], [1], "rec_1", None):
        assert client.post("/v1/recordings/bulk-delete", json={"ids": bad}).status_code == 422
    house.library_table.calls.clear()

    deleted, failed = bulk(house, anna, ids)

    assert (deleted, failed) == (ids, {})
    assert house.library_table.calls == {"get_many": 10, "write": 1000}
    assert client.get("/v1/recordings").json()["items"] == []


def test_deleting_costs_a_read_and_a_write(house: House, anna: User) -> None:
    (recording,) = there_of(house, anna)
    client = house.client(anna)
    house.library_table.calls.clear()

    client.delete(f"/v1/recordings/{recording.id}")

    assert house.library_table.calls == {"get": 1, "write": 1}


def test_what_a_job_heard_is_not_read_once_its_recording_is_deleted(house: House, anna: User) -> None:
    recording = house.a_transcribed_recording(anna, a_transcript("Secret."))
    client, result = house.client(anna), f"/v1/jobs/{recording.job_ids[0]}/result"
    assert client.get(result).status_code == 200

    client.delete(f"/v1/recordings/{recording.id}")

    assert client.get(result).status_code == 404
