import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.jobs.model import Failure, Job, Kind
from functions.core.jobs.results import Statement, Summary, summary_to_json, transcript_to_json
from functions.core.recordings.media import result_key
from functions.core.recordings.model import Recording
from tests.builders import a_recording, a_transcript
from tests.fakes.clock import FakeClock
from tests.house import MAX_UPLOAD_BYTES, OPERATOR_KEY, House

ANNOUNCEMENT = {"filename": "встреча.m4a", "size": 1000, "content_type": "audio/mp4"}
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.txt", "la la la")
    return file.getvalue()


def announce(client: TestClient, **changes: object) -> Response:
    return client.post("/v1/recordings", json=ANNOUNCEMENT | changes)


def arrive(house: House, client: TestClient, body: bytes = WAV, **changes: object) -> Recording:
    announced = announce(client, **changes).json()["recording"]
    return house.uploaded(house.recordings.get(announced["id"]), body)


def finish(house: House, job_id: str, body: bytes) -> Job:
    held = house.jobs.claim(job_id, by="test", lease=timedelta(seconds=30))
    key = result_key(job_id, 1, "result.json")
    house.media.write(key, body, content_type="application/json")
    return house.jobs.finish(held, result_key=key, timings={"total": 1.5})


def test_an_announced_recording_gets_a_form_for_its_own_key(house: House, anna: User) -> None:
    answer = announce(house.client(anna))

    body = answer.json()
    assert answer.status_code == 201
    assert body["upload"]["method"] == "POST"
    assert body["upload"]["fields"]["key"] == f"media/{anna.id}/{body['recording']['id']}/source"
    assert (body["recording"]["title"], body["recording"]["status"]) == ("встреча", "awaiting_upload")
    assert [one["kind"] for one in body["recording"]["process"]] == ["transcribe", "summarise"]


def test_the_same_idempotency_key_answers_the_same_recording(house: House, anna: User) -> None:
    client = house.client(anna)
    headers = {"Idempotency-Key": "phone-1"}

    first = client.post("/v1/recordings", json=ANNOUNCEMENT, headers=headers).json()
    again = client.post("/v1/recordings", json=ANNOUNCEMENT, headers=headers).json()
    other = client.post("/v1/recordings", json=ANNOUNCEMENT | {"size": 7}, headers=headers)
    others = house.client(house.a_known_user()).post("/v1/recordings", json=ANNOUNCEMENT, headers=headers).json()

    assert first["recording"]["id"] == again["recording"]["id"] != others["recording"]["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(client.get("/v1/recordings").json()["items"]) == 1


@pytest.mark.parametrize(
    ("bad", "status", "code"),
    [
        ({"size": MAX_UPLOAD_BYTES + 1}, 413, "recording-too-large"),
        ({"size": 0}, 422, "invalid"),
        ({"content_type": "text/plain"}, 422, "unsupported-media-type"),
        ({"content_type": "nonsense"}, 422, "invalid"),
        ({"filename": ""}, 422, "invalid"),
        ({"filename": "a\nb.mp3"}, 422, "invalid"),
        ({"language": "klingon"}, 422, "invalid"),
        ({"language": "xx"}, 422, "invalid"),
        ({"process": [{"kind": "dance"}]}, 422, "invalid"),
        ({"process": [{"kind": "transcribe", "options": {"speed": 1}}]}, 422, "invalid"),
    ],
)
def test_a_bad_announcement_is_refused_and_leaves_nothing(
    house: House, anna: User, bad: dict[str, Any], status: int, code: str
) -> None:
    client = house.client(anna)

    answer = announce(client, **bad)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert client.get("/v1/recordings").json()["items"] == []


def test_an_upload_gets_its_jobs_and_only_the_first_is_enqueued(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna))

    view = house.client(anna).get(f"/v1/recordings/{recording.id}").json()
    transcribe, summarise = view["jobs"]
    assert (view["status"], view["media_type"]) == ("uploaded", "audio/wave")
    assert (transcribe["kind"], summarise["kind"]) == ("transcribe", "summarise")
    assert house.queues.waiting() == [transcribe["id"]]


def test_the_same_report_again_makes_nothing_twice(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna))

    again = house.uploaded(recording, WAV)

    assert again.job_ids == recording.job_ids


def test_a_report_that_comes_after_a_crash_enqueues_what_was_not(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna))
    for inbox in house.queues.inboxes.values():
        inbox.messages.clear()

    house.uploaded(recording, WAV)

    assert house.queues.waiting() == [recording.job_ids[0]]


def test_the_request_id_follows_the_recording_to_its_jobs(house: House, anna: User) -> None:
    client = house.client(anna)
    announced = client.post("/v1/recordings", json=ANNOUNCEMENT, headers={"X-Request-Id": "phone-42"})
    recording = house.uploaded(house.recordings.get(announced.json()["recording"]["id"]), WAV)

    assert announced.headers["x-request-id"] == "phone-42"
    assert {job.request_id for job in house.jobs.get_many(recording.job_ids)} == {"phone-42"}


def test_nothing_is_done_with_a_recording_that_asked_for_nothing(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna), process=[])

    assert recording.job_ids == ()
    answer = house.client(anna).get(f"/v1/recordings/{recording.id}/transcript")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-transcript")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty-file"),
        (b"this is a text that calls itself a song\n" * 20, "not-media"),
        ("это текст\n".encode() * 900, "not-media"),
        (b"%PDF-1.7\n" + b"\x00" * 100, "not-media"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 100, "not-media"),
        (a_zip(), "not-media"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_reason_and_removed(
    house: House, anna: User, body: bytes, code: str
) -> None:
    recording = arrive(house, house.client(anna), body, filename="song.mp3", content_type="audio/mpeg")

    view = house.client(anna).get(f"/v1/recordings/{recording.id}").json()
    answer = house.client(anna).get(f"/v1/recordings/{recording.id}/transcript")
    assert (view["status"], view["error"]["code"], view["jobs"]) == ("refused", code, [])
    assert (answer.status_code, answer.json()["code"]) == (409, "upload-refused")
    assert house.media.objects == {}
    assert house.queues.waiting() == []


def test_what_is_sent_again_for_a_refused_recording_is_removed_too(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna), b"a text\n" * 20)

    again = house.uploaded(recording, b"a text\n" * 20)

    assert (again.stored_status, house.media.objects) == ("refused", {})


def test_bytes_that_no_list_knows_are_left_to_the_worker(house: House, anna: User) -> None:
    recording = arrive(house, house.client(anna), bytes(range(128, 256)) * 10)

    assert recording.media_type == "audio/mp4"
    assert len(recording.job_ids) == 2


def test_an_upload_that_nobody_announced_changes_nothing(house: House) -> None:
    house.media.write("media/usr_x/rec_x/source", WAV, content_type="audio/wav")

    house.arrivals.take_in("media/usr_x/rec_x/source")
    house.arrivals.take_in("elsewhere")

    assert house.library_table.documents == {}


def test_an_upload_that_never_comes_expires() -> None:
    clock = FakeClock()
    house = House(clock=clock)
    recording = house.recordings.add(a_recording())

    clock.pass_time(timedelta(hours=1))

    assert house.recordings.get(recording.id).status(clock()) == "expired"


ROUTES = ["", "/audio", "/transcript", "/summary"]


@pytest.mark.parametrize("route", ROUTES)
def test_somebody_elses_recording_is_not_there(house: House, anna: User, route: str) -> None:
    recording = arrive(house, house.client(anna))

    stranger = house.client(house.a_known_user())
    theirs = stranger.get(f"/v1/recordings/{recording.id}{route}")
    none = stranger.get(f"/v1/recordings/rec_none{route}")

    assert (theirs.status_code, theirs.json()["detail"]) == (404, none.json()["detail"])
    assert house.client(bearer=OPERATOR_KEY).get(f"/v1/recordings/{recording.id}{route}").status_code != 404


def test_a_transcript_comes_in_every_format(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    transcript = a_transcript("Send the invoice to Anna by Friday.", "Нужно проверить договор.")
    finish(house, recording.job_ids[0], transcript_to_json(transcript))
    url = f"/v1/recordings/{recording.id}/transcript"

    answer = client.get(url)
    formats = {form: client.get(url, params={"format": form}) for form in ("txt", "srt", "vtt")}

    assert answer.json()["text"] == transcript.text
    assert answer.json()["segments"][1]["words"][0]["probability"] == 0.9
    assert formats["txt"].text == "Send the invoice to Anna by Friday.\nНужно проверить договор.\n"
    assert formats["srt"].headers["content-type"].startswith("application/x-subrip")
    assert formats["vtt"].text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nSend the invoice")
    assert client.get(url, params={"format": "pdf"}).status_code == 422


def test_a_large_transcript_is_fetched_from_the_bucket(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    finish(house, recording.job_ids[0], transcript_to_json(a_transcript(*["word " * 200] * 2500)))

    answer = client.get(f"/v1/recordings/{recording.id}/transcript")

    assert answer.status_code == 307
    assert "results/" in answer.headers["location"]


def test_before_the_transcript_is_there_one_is_told_how_far_it_is(house: House, anna: User) -> None:
    client = house.client(anna)
    announced = announce(client).json()["recording"]["id"]
    recording = arrive(house, client)

    waiting = client.get(f"/v1/recordings/{announced}/transcript")
    queued = client.get(f"/v1/recordings/{recording.id}/transcript")

    assert (waiting.status_code, waiting.json()["code"]) == (409, "not-uploaded")
    assert (queued.status_code, queued.json()["code"]) == (409, "job-not-finished")
    assert queued.json()["job_id"] == recording.job_ids[0]


def test_a_failed_job_says_why_there_is_no_transcript(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    house.jobs.bury(recording.job_ids[0], Failure("not-media", "FFmpeg finds no sound in it."))

    answer = client.get(f"/v1/recordings/{recording.id}/transcript")

    assert (answer.status_code, answer.json()["code"]) == (409, "transcript-failed")
    assert "FFmpeg finds no sound" in answer.json()["detail"]


def test_a_summary_names_its_evidence(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    bullet = Statement(text="Anna gets the invoice.", segments=(0,))
    summary = Summary(text="…", bullets=(bullet,), action_items=(), coverage=1.0, engine="extractive", language="en")
    finish(house, recording.job_ids[1], summary_to_json(summary))

    body = client.get(f"/v1/recordings/{recording.id}/summary").json()

    assert body["bullets"] == [{"text": "Anna gets the invoice.", "segments": [0]}]
    assert (body["coverage"], body["engine"], body["action_items"]) == (1.0, "extractive", [])


def test_a_download_is_a_redirect_to_a_signed_address(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)

    answer = client.get(f"/v1/recordings/{recording.id}/audio")

    assert answer.status_code == 307
    assert answer.headers["location"].endswith(f"/media/{anna.id}/{recording.id}/source")


def test_recordings_are_listed_newest_first_in_pages(house: House, anna: User) -> None:
    client = house.client(anna)
    made = [announce(client, filename=f"{n}.mp3").json()["recording"]["id"] for n in range(5)]
    announce(house.client(house.a_known_user()))

    first = client.get("/v1/recordings?limit=2").json()
    second = client.get("/v1/recordings", params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_a_cursor_of_another_list_is_refused(house: House, anna: User) -> None:
    for _ in range(2):
        announce(house.client(anna))
    cursor = house.client(anna).get("/v1/recordings?limit=1").json()["next_cursor"]

    for wrong in (
        house.client(anna).get("/v1/recordings?cursor=nonsense"),
        house.client(house.a_known_user()).get("/v1/recordings", params={"cursor": cursor}),
    ):
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-cursor")


def test_a_small_recording_is_sent_in_one_call(house: House, anna: User) -> None:
    client = house.client(anna)

    answer = client.post("/v1/uploads", files={"file": ("звонок.wav", WAV, "audio/wav")}, data={"language": "ru"})

    body = answer.json()["recording"]
    assert answer.status_code == 201
    assert (body["title"], body["language"]) == ("звонок", "ru")
    house.arrivals.take_in(f"media/{anna.id}/{body['id']}/source")
    assert house.jobs.get(house.recordings.get(body["id"]).job_ids[0]).options == {"language": "ru"}


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (("a.wav", b"", "audio/wav"), 422, "empty-file"),
        (("a.wav", b"x" * (4 * 1024**2 + 1), "audio/wav"), 413, "too-large"),
        (("a.txt", b"text", "text/plain"), 422, "unsupported-media-type"),
    ],
)
def test_a_small_upload_that_is_wrong_leaves_nothing(
    house: House, anna: User, file: Any, status: int, code: str
) -> None:
    answer = house.client(anna).post("/v1/uploads", files={"file": file})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (house.media.objects, house.library_table.documents) == ({}, {})


def test_a_job_and_its_result_are_the_owners_alone(house: House, anna: User) -> None:
    client = house.client(anna)
    recording = arrive(house, client)
    job_id = recording.job_ids[0]
    before = client.get(f"/v1/jobs/{job_id}/result")
    finish(house, job_id, transcript_to_json(a_transcript("Hello.")))

    job = client.get(f"/v1/jobs/{job_id}").json()

    assert (before.status_code, before.json()["code"]) == (409, "job-not-finished")
    assert (job["kind"], job["status"], job["progress"], job["attempts"]) == (Kind.TRANSCRIBE, "succeeded", 1.0, 1)
    assert job["timings"] == {"total": 1.5}
    assert json.loads(client.get(f"/v1/jobs/{job_id}/result").content)["text"] == "Hello."
    stranger = house.client(house.a_known_user())
    assert {stranger.get(f"/v1/jobs/{job_id}{rest}").status_code for rest in ("", "/result")} == {404}
