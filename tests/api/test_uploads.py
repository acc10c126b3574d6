"""Ways to send bytes, the same bytes again, and uploads that were interrupted."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from httpx import Response
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.recordings.media import source_key
from functions.core.recordings.model import Recording
from tests.fakes.clock import FakeClock
from tests.fakes.media import checksum_of
from tests.house import House

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100
PART = 16 * 1024**2
MEBIBYTES_64 = 64 * 1024**2
ANNOUNCEMENT = {"filename": "встреча.m4a", "size": len(WAV), "content_type": "audio/mp4"}
LARGE = ANNOUNCEMENT | {"size": 2 * PART + 5}


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def announce(client: TestClient, key: str | None = None, **changes: Any) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/recordings", json=ANNOUNCEMENT | changes, headers=headers)


def arrive(house: House, announced: dict[str, Any], body: bytes = WAV) -> Recording:
    return house.uploaded(house.recordings.get(announced["recording"]["id"]), body)


def begin(client: TestClient, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Announce 32 MiB and 5 bytes in parts."""
    wanted: dict[str, Any] = LARGE | {"upload_method": "multipart"} | changes
    announced = announce(client, **wanted).json()
    return f"/v1/recordings/{announced['recording']['id']}", announced["upload"]


def send(house: House, part: dict[str, Any], body: bytes | None = None) -> str:
    whole = WAV.ljust(part["size"], b"\0")[: part["size"]]
    return house.media.put(part["url"], part["headers"], whole if body is None else body)


# What is offered


def test_above_64_mb_a_file_goes_in_parts(house: House, anna: User) -> None:
    client, sizes = house.client(anna), (1, MEBIBYTES_64, MEBIBYTES_64 + 1, 2 * 1024**3)

    methods = [announce(client, size=size).json()["upload"]["method"] for size in sizes]

    assert methods == ["POST", "POST", "multipart", "multipart"]


def test_an_upload_in_parts_has_its_first_parts_signed(house: House, anna: User) -> None:
    upload = announce(house.client(anna), size=120 * PART - 1).json()["upload"]

    assert (upload["part_size"], upload["part_count"]) == (PART, 120)
    assert [part["number"] for part in upload["parts"]] == list(range(1, 101))
    assert {part["size"] for part in upload["parts"]} == {PART}


def test_a_put_is_one_call_and_one_request(house: House, anna: User) -> None:
    announced = announce(
        house.client(anna), upload_method="PUT", sha256=sha256(WAV), title="Планёрка", process=[{"kind": "transcribe"}]
    ).json()
    upload = announced["upload"]

    house.media.put(upload["url"], upload["headers"], WAV)
    house.arrivals.take_in(f"media/{anna.id}/{announced['recording']['id']}/source")

    recording = house.recordings.get(announced["recording"]["id"])
    assert upload["headers"] == {"Content-Type": "audio/mp4", "x-amz-checksum-sha256": checksum_of(WAV)}
    assert (recording.stored_status, recording.title, len(recording.job_ids)) == ("uploaded", "Планёрка", 1)


def test_one_request_takes_no_more_than_s3_does(house: House, anna: User) -> None:
    client, most = house.client(anna), 5 * 1024**3

    for method in ("POST", "PUT"):
        taken = announce(client, size=most, upload_method=method)
        refused = announce(client, size=most + 1, upload_method=method)

        assert (taken.status_code, taken.json()["upload"]["method"]) == (201, method)
        assert (refused.status_code, refused.json()["code"], refused.json()["limit_bytes"]) == (413, "too-large", most)
        assert "multipart" in refused.json()["use"]


def test_a_form_takes_the_announced_bytes_alone(house: House, anna: User) -> None:
    upload = announce(house.client(anna), sha256=sha256(WAV).upper()).json()["upload"]

    assert upload["fields"]["x-amz-checksum-sha256"] == checksum_of(WAV)


def test_a_bad_announcement_leaves_nothing(house: House, anna: User) -> None:
    client = house.client(anna)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"sha256": "12"}, "invalid"),
        ({"sha256": "g" * 64}, "invalid"),
        ({"upload_method": "FTP"}, "invalid"),
        ({"location_id": "loc_none"}, "unknown-location"),
    ]

    answers = [announce(client, **changes) for changes, _ in bad]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(422, code) for _, code in bad]
    assert house.library_table.documents == {}


# In parts


def test_parts_become_a_recording_with_its_jobs(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client)
    etags = {part["number"]: send(house, part) for part in reversed(upload["parts"])}

    named = [{"number": number, "etag": etag} for number, etag in etags.items()]
    answer = client.post(f"{url}/complete", json={"parts": named})
    house.arrivals.take_in(next(iter(house.media.objects)))

    view = client.get(url).json()
    assert answer.status_code == 200
    assert (view["status"], view["size"], len(view["jobs"])) == ("uploaded", LARGE["size"], 2)
    assert house.media.uploads == {}


def test_an_interrupted_upload_goes_on_with_what_is_missing(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client)
    etag = send(house, upload["parts"][1])

    there = client.get(f"{url}/parts").json()
    early = client.post(f"{url}/complete")
    for part in client.post(f"{url}/parts", json={"numbers": [1, 3]}).json()["parts"]:
        send(house, part)
    late = client.post(f"{url}/complete")

    assert there == {
        "part_size": PART,
        "part_count": 3,
        "part_checksums": False,
        "parts": [{"number": 2, "size": PART, "etag": etag, "checksum_sha256": None}],
    }
    assert (early.status_code, early.json()["code"], early.json()["missing"]) == (409, "parts-missing", [1, 3])
    assert late.status_code == 200


def test_completing_twice_is_no_error(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client)
    for part in upload["parts"]:
        send(house, part)

    before_the_report = [client.post(f"{url}/complete").status_code for _ in range(2)]
    house.arrivals.take_in(next(iter(house.media.objects)))
    after_it = client.post(f"{url}/complete")

    assert [*before_the_report, after_it.status_code] == [200, 200, 200]
    assert after_it.json()["recording"]["status"] == "uploaded"


def test_a_part_that_is_not_as_it_was_sent_is_named_and_may_be_sent_again(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client)
    etags = [send(house, part) for part in upload["parts"]]
    named = [{"number": number, "etag": etag} for number, etag in enumerate(etags, start=1)]
    send(house, upload["parts"][1], b"x" * PART)

    differing = client.post(f"{url}/complete", json={"parts": named})
    send(house, upload["parts"][1])
    again = client.post(f"{url}/complete", json={"parts": named})

    assert (differing.status_code, differing.json()["code"], differing.json()["parts"]) == (409, "parts-differ", [2])
    assert again.status_code == 200


def test_with_checksums_each_part_is_signed_for_its_bytes(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client, part_checksums=True, size=PART + 1)
    bodies = {1: WAV.ljust(PART, b"\0"), 2: b"!"}
    named = [{"number": number, "checksum_sha256": checksum_of(body)} for number, body in bodies.items()]

    unnamed = client.post(f"{url}/parts", json={"numbers": [1]})
    signed = client.post(f"{url}/parts", json={"parts": named}).json()["parts"]
    for part in signed:
        send(house, part, bodies[part["number"]])
    there = client.get(f"{url}/parts").json()["parts"]

    assert upload["parts"] == []
    assert (unnamed.status_code, unnamed.json()["code"]) == (422, "checksum-missing")
    assert signed[0]["headers"] == {"x-amz-checksum-sha256": checksum_of(bodies[1])}
    assert [part["checksum_sha256"] for part in there] == [checksum_of(body) for body in bodies.values()]
    assert client.post(f"{url}/complete", json={"parts": named}).status_code == 200


def test_parts_that_cannot_be_signed_are_refused(house: House, anna: User) -> None:
    client = house.client(anna)
    url, _ = begin(client)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"numbers": [4]}, "no-such-part"),
        ({"numbers": [1, 10_001]}, "no-such-part"),
        ({"numbers": [0]}, "invalid"),
        ({"numbers": []}, "invalid"),
        ({"numbers": [1], "parts": [{"number": 1}]}, "invalid"),
        ({"parts": [{"number": 1}, {"number": 1}]}, "invalid"),
        ({"parts": [{"number": 1, "checksum_sha256": "short"}]}, "invalid"),
        ({"parts": [{"number": 1, "checksum_sha256": checksum_of(b"")}]}, "checksum-not-announced"),
        ({}, "invalid"),
    ]

    answers = [client.post(f"{url}/parts", json=body) for body, _ in bad]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(422, code) for _, code in bad]


def test_completing_with_a_part_that_does_not_exist_is_refused(house: House, anna: User) -> None:
    client = house.client(anna)
    url, _ = begin(client)

    answer = client.post(f"{url}/complete", json={"parts": [{"number": 4, "etag": "e"}]})

    assert (answer.status_code, answer.json()["code"]) == (422, "no-such-part")


def test_an_upload_that_is_given_up_is_gone_and_its_recording_expired(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client)
    send(house, upload["parts"][0])

    given_up = [client.delete(f"{url}/parts").status_code for _ in range(2)]
    signing = client.post(f"{url}/parts", json={"numbers": [1]})

    assert given_up == [204, 204]
    assert client.get(url).json()["status"] == "expired"
    assert (signing.status_code, signing.json()["code"]) == (409, "upload-expired")
    assert house.media.uploads == {}


def test_an_upload_that_is_complete_cannot_be_given_up(house: House, anna: User) -> None:
    client = house.client(anna)
    url, upload = begin(client)
    for part in upload["parts"]:
        send(house, part)
    client.post(f"{url}/complete")

    before_the_report = client.delete(f"{url}/parts")
    house.arrivals.take_in(next(iter(house.media.objects)))
    after_it = client.delete(f"{url}/parts")

    for answer in (before_the_report, after_it):
        assert (answer.status_code, answer.json()["code"]) == (409, "already-uploaded")
    assert client.get(url).json()["status"] == "uploaded"


def test_an_upload_in_parts_may_be_gone_on_with_for_two_days() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    anna = house.a_known_user()
    url, _ = begin(house.client(anna))

    clock.pass_time(timedelta(days=2) - timedelta(seconds=1))
    in_time = house.client(anna).post(f"{url}/parts", json={"numbers": [1]})
    clock.pass_time(timedelta(seconds=1))
    too_late = house.client(anna).post(f"{url}/parts", json={"numbers": [1]})

    assert in_time.status_code == 200
    assert (too_late.status_code, too_late.json()["code"]) == (409, "upload-expired")


def test_what_the_bucket_has_dropped_is_to_be_announced_again(house: House, anna: User) -> None:
    client = house.client(anna)
    url, _ = begin(client)
    house.media.uploads.clear()

    for answer in (client.get(f"{url}/parts"), client.post(f"{url}/complete")):
        assert (answer.status_code, answer.json()["code"]) == (409, "upload-expired")


def test_a_form_has_no_parts(house: House, anna: User) -> None:
    client = house.client(anna)
    url = f"/v1/recordings/{announce(client).json()['recording']['id']}"

    answers = [client.get(f"{url}/parts"), client.post(f"{url}/complete"), client.delete(f"{url}/parts")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "not-in-parts")] * 3


# The same announcement again


def test_the_same_announcement_again_goes_on_with_the_same_parts(house: House, anna: User) -> None:
    client = house.client(anna)
    first = announce(client, "phone-1", **LARGE, upload_method="multipart").json()
    send(house, first["upload"]["parts"][0])

    again = announce(client, "phone-1", **LARGE, upload_method="multipart").json()

    assert again == first
    assert len(house.media.uploads) == 1


def test_of_two_announcements_at_once_none_leaves_an_upload_behind(house: House, anna: User) -> None:
    client = house.client(anna)
    begin_parts, answers = house.media.begin_parts, list[Response]()

    def begin_late(key: str, *, content_type: str, checked: bool) -> str:
        house.media.begin_parts = begin_parts  # type: ignore[method-assign]
        answers.append(announce(client, "phone-1", **LARGE, upload_method="multipart"))
        return begin_parts(key, content_type=content_type, checked=checked)

    house.media.begin_parts = begin_late  # type: ignore[method-assign]
    answers.append(announce(client, "phone-1", **LARGE, upload_method="multipart"))

    assert answers[0].json() == answers[1].json()
    assert len(house.media.uploads) == 1


def test_a_form_that_is_asked_for_again_works_for_as_long_again() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    anna = house.a_known_user()
    announce(house.client(anna), "phone-1")

    clock.pass_time(timedelta(hours=2))
    again = announce(house.client(anna), "phone-1").json()

    assert (again["recording"]["status"], again["upload"]["method"]) == ("awaiting_upload", "POST")


def test_for_a_recording_that_is_here_nothing_is_signed_again(house: House, anna: User) -> None:
    client = house.client(anna)
    arrive(house, announce(client, "phone-1").json())

    again = announce(client, "phone-1").json()

    assert (again["recording"]["status"], again["upload"]) == ("uploaded", None)


def test_an_upload_that_was_given_up_may_be_announced_again(house: House, anna: User) -> None:
    client = house.client(anna)
    first = announce(client, "phone-1", **LARGE, upload_method="multipart").json()
    client.delete(f"/v1/recordings/{first['recording']['id']}/parts")

    again = announce(client, "phone-1", **LARGE, upload_method="multipart").json()

    assert again["recording"]["id"] == first["recording"]["id"]
    assert again["recording"]["status"] == "awaiting_upload"
    assert again["upload"]["parts"][0]["url"] != first["upload"]["parts"][0]["url"]


# The same bytes again


def test_the_same_file_again_is_the_recording_that_is_there(house: House, anna: User) -> None:
    client = house.client(anna)
    there = arrive(house, announce(client, sha256=sha256(WAV)).json())
    house.library_table.calls.clear()

    answer = announce(client, sha256=sha256(WAV).upper(), filename="copy.m4a")

    body = answer.json()
    assert (answer.status_code, body["duplicate"], body["upload"]) == (200, True, None)
    assert (body["recording"]["id"], len(body["recording"]["jobs"])) == (there.id, 2)
    assert house.library_table.calls == {"look": 1, "get_many": 2}
    assert len(client.get("/v1/recordings").json()["items"]) == 1


def test_a_copy_is_made_where_one_is_wanted(house: House, anna: User) -> None:
    client = house.client(anna)
    arrive(house, announce(client, sha256=sha256(WAV)).json())

    answer = announce(client, sha256=sha256(WAV), allow_duplicate=True)

    assert (answer.status_code, answer.json()["duplicate"]) == (201, False)


def test_what_has_not_arrived_what_is_deleted_and_what_is_others_is_no_duplicate(house: House, anna: User) -> None:
    client, other = house.client(anna), house.client(house.a_known_user())
    arrive(house, announce(other, sha256=sha256(WAV)).json())
    announce(client, sha256=sha256(WAV))
    deleted = arrive(house, announce(client, sha256=sha256(WAV)).json())
    house.recordings.delete(deleted)

    assert announce(client, sha256=sha256(WAV)).status_code == 201


def test_a_hash_that_somebody_claimed_for_a_file_of_another_size_is_no_duplicate(house: House, anna: User) -> None:
    client = house.client(anna)
    arrive(house, announce(client, sha256=sha256(WAV)).json())

    assert announce(client, sha256=sha256(WAV), size=len(WAV) + 1).status_code == 201


def test_two_uploads_of_a_file_at_once_both_stay(house: House, anna: User) -> None:
    client = house.client(anna)
    announced = [announce(client, sha256=sha256(WAV)).json() for _ in range(2)]

    arrived = [arrive(house, one) for one in announced]

    assert [one.stored_status for one in arrived] == ["uploaded", "uploaded"]
    # Without the newer one the other is found.
    assert announce(client, sha256=sha256(WAV)).json()["recording"]["id"] == arrived[1].id
    house.recordings.delete(arrived[1])
    assert announce(client, sha256=sha256(WAV)).json()["recording"]["id"] == arrived[0].id


def test_of_a_recording_that_is_removed_no_hash_stays(house: House, anna: User) -> None:
    recording = arrive(house, announce(house.client(anna), sha256=sha256(WAV)).json())
    assert any(pk.startswith("SAME#") for pk in house.library_table.documents)

    house.removal.remove(house.recordings.delete(recording).id)

    assert not any(pk.startswith("SAME#") for pk in house.library_table.documents)


# In one call


def test_a_small_upload_says_all_that_an_announcement_does(house: House, anna: User) -> None:
    admin = house.client(bearer="operator-key-one")
    location = admin.post("/v1/locations", json={"name": "Берлин"}).json()["id"]
    form = {
        "title": "Звонок",
        "location_id": location,
        "recorded_at": "2026-11-20T10:00:00+03:00",
        "process": json.dumps([{"kind": "transcribe", "options": {"model": "small"}}]),
    }

    answer = house.client(anna).post("/v1/uploads", files={"file": ("a.wav", WAV, "audio/wav")}, data=form)

    view = answer.json()["recording"]
    assert (answer.status_code, view["title"], view["location_id"]) == (201, "Звонок", location)
    assert view["recorded_at"] == "2026-11-20T07:00:00Z"
    assert view["process"][0]["options"] == {"model": "small"}
    assert view["sha256"] == sha256(WAV)


def test_a_bad_field_of_a_small_upload_is_named(house: House, anna: User) -> None:
    client, file = house.client(anna), {"file": ("a.wav", WAV, "audio/wav")}
    bad = [
        ({"process": "transcribe"}, "/body/process"),
        ({"process": '[{"kind": "dance"}]'}, "/body/process/0"),
        ({"process": "{}"}, "/body/process"),
        ({"recorded_at": "yesterday"}, "/body/recorded_at"),
    ]

    answers = [client.post("/v1/uploads", files=file, data=form) for form, _ in bad]

    pointers = [[one["pointer"] for one in answer.json()["errors"]] for answer in answers]
    assert {answer.status_code for answer in answers} == {422}
    assert pointers == [[pointer] for _, pointer in bad]
    assert house.library_table.documents == {}


def test_a_file_too_large_for_one_call_is_shown_the_other_way(house: House, anna: User) -> None:
    body = b"x" * (4 * 1024**2 + 1)

    problem = house.client(anna).post("/v1/uploads", files={"file": ("a.wav", body, "audio/wav")}).json()

    assert (problem["code"], problem["limit_bytes"]) == ("too-large", 4 * 1024**2)
    assert problem["use"] == "POST /v1/recordings"
    assert "POST /v1/recordings" in problem["detail"]


def test_a_small_upload_again_is_the_recording_that_is_there(house: House, anna: User) -> None:
    client = house.client(anna)
    file = {"file": ("a.wav", WAV, "audio/wav")}
    first = client.post("/v1/uploads", files=file).json()["recording"]["id"]
    house.arrivals.take_in(f"media/{anna.id}/{first}/source")

    again = client.post("/v1/uploads", files=file)
    insisted = client.post("/v1/uploads", files=file, data={"allow_duplicate": "true"})

    assert (again.status_code, again.json()["duplicate"], again.json()["recording"]["id"]) == (200, True, first)
    assert (insisted.status_code, insisted.json()["duplicate"]) == (201, False)


def test_a_small_upload_with_an_idempotency_key_makes_one_recording(house: House, anna: User) -> None:
    client = house.client(anna)
    headers, file = {"Idempotency-Key": "phone-1"}, {"file": ("a.wav", WAV, "audio/wav")}

    first = client.post("/v1/uploads", files=file, headers=headers).json()["recording"]["id"]
    # As if it had died before its bytes were there.
    house.media.objects.clear()
    again = client.post("/v1/uploads", files=file, headers=headers)
    other = client.post("/v1/uploads", files={"file": ("a.wav", WAV[::-1], "audio/wav")}, headers=headers)

    assert (again.status_code, again.json()["recording"]["id"]) == (201, first)
    assert house.media.read(source_key(house.recordings.get(first))) == WAV
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
