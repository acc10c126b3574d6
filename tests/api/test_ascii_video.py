"""A video that is turned into ASCII, as its owner sees it."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.jobs.ascii_video import STORED_AS, AsciiVideo, File, ascii_video_to_json, download_name
from functions.core.jobs.model import Failure, Job, Status
from functions.core.recordings.media import result_key
from functions.core.recordings.model import MediaKind, Recording, Work
from tests.api.test_recordings import announce
from tests.fakes.clock import FakeClock
from tests.house import WAV, House

MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(100)
ASCII: dict[str, Any] = {"kind": "ascii_video"}
STILL = b"\x89PNG"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def client(house: House, anna: User) -> TestClient:
    return house.client(anna)


@pytest.fixture
def anna(house: House) -> User:
    return house.a_known_user()


def a_video(house: House, client: TestClient, **changes: Any) -> Recording:
    wanted: dict[str, Any] = {"filename": "праздник.mov", "content_type": "video/mp4", "process": [ASCII]}
    body = announce(client, **wanted | changes).json()
    return house.uploaded(house.recordings.get(body["recording"]["id"]), MP4)


def begin(house: House, recording: Recording) -> Job:
    [job_id] = recording.job_ids
    return house.jobs.claim(job_id, by="test", lease=timedelta(hours=1))


def draw(house: House, job: Job) -> None:
    """Leave the first frame, as a worker does soon."""
    house.media.write(result_key(job.id, job.attempts, "preview.png"), STILL, content_type="image/png", brief=True)


def finish(house: House, job: Job, *files: File, **changes: Any) -> Job:
    for file in files:
        name, content_type = STORED_AS[file]
        house.media.write(result_key(job.id, job.attempts, name), b"made", content_type=content_type, brief=True)
    facts: dict[str, Any] = {
        "frames": 3,
        "duration": 0.5,
        "columns": 120,
        "rows": 34,
        "width": 1920,
        "height": 1080,
        "style": "normal",
        "engine": "direct",
        "has_audio": True,
        "files": dict.fromkeys(files, 4),
        "begun_at": house.clock(),
    }
    key = result_key(job.id, job.attempts, "ascii-video.json")
    house.media.write(key, ascii_video_to_json(AsciiVideo(**facts | changes)), content_type="application/json")
    return house.jobs.finish(job, result_key=key, timings={"rendering": 1.0})


def done(house: House, client: TestClient, *files: File, **changes: Any) -> Job:
    job = begin(house, a_video(house, client))
    draw(house, job)
    return finish(house, job, *files, **changes)


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def test_an_upload_may_ask_for_it_and_nothing_else_is_done_then(house: House, client: TestClient) -> None:
    recording = a_video(house, client, process=[ASCII | {"preset": "Matrix", "options": {"width": 80}}])

    [job] = client.get(f"/v1/recordings/{recording.id}").json()["jobs"]

    assert (job["kind"], job["preset"]) == ("ascii_video", "matrix")
    assert job["options"] == {"style": "structural", "text_color": "#33ff66", "width": 80}


def test_what_happens_without_being_asked_for_is_as_before(house: House, client: TestClient) -> None:
    recording = a_video(house, client, process=None)

    assert [house.jobs.get(one).kind for one in recording.job_ids] == ["transcribe", "summarise"]


def test_the_result_says_which_files_there_are_and_until_when(house: House, client: TestClient) -> None:
    job = done(house, client, File.VIDEO, File.TXT, warnings=("The sound was left out.",))

    answer = client.get(f"/v1/jobs/{job.id}/result").json()

    assert answer["files"]["video"] == {
        "bytes": 4,
        "content_type": "video/mp4",
        "url": f"/v1/jobs/{job.id}/files/video",
    }
    assert list(answer["files"]) == ["video", "txt"]
    assert (answer["frames"], answer["engine"], answer["has_audio"]) == (3, "direct", True)
    assert answer["expires_at"] == "2026-11-22T12:00:00Z"
    assert (answer["preview"], answer["warnings"]) == (f"/v1/jobs/{job.id}/preview", ["The sound was left out."])


@pytest.mark.parametrize(
    ("made", "name", "stored"),
    [
        ([File.VIDEO], "video", "video.mp4"),
        ([File.GIF, File.CAST], "cast", "video.cast"),
        ([File.TXT, File.PNG], "frames", "png.zip"),
        ([File.VIDEO, File.TXT], "frames", "txt.zip"),
    ],
)
def test_a_file_is_at_a_signed_address(
    house: House, client: TestClient, made: list[File], name: str, stored: str
) -> None:
    job = done(house, client, *made)

    answer = client.get(f"/v1/jobs/{job.id}/files/{name}")

    assert answer.status_code == 307
    assert answer.headers["location"] == f"https://bucket.example/results/{job.id}/1/{stored}"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("meeting.mp4", "meeting.ascii.mp4"),
        ("праздник у моря.MOV", "праздник у моря.ascii.mp4"),
        ("../../etc/x.mkv", "x.ascii.mp4"),
        ("C:\\films\\a.b.avi", "a.b.ascii.mp4"),
        ("..", "video.ascii.mp4"),
        ("", "video.ascii.mp4"),
        ("🎬", "🎬.ascii.mp4"),
    ],
)
def test_a_file_is_called_after_the_recording(filename: str, name: str) -> None:
    assert download_name(filename, ".ascii.mp4") == name


@pytest.mark.parametrize("name", ["png", "frames", "gif"])
def test_a_file_that_was_not_made_is_not_found(house: House, client: TestClient, name: str) -> None:
    job = done(house, client, File.VIDEO)

    assert code(client.get(f"/v1/jobs/{job.id}/files/{name}"), 404) == "no-such-file"


def test_a_name_of_no_file_is_not_valid(house: House, client: TestClient) -> None:
    job = done(house, client, File.VIDEO)

    assert code(client.get(f"/v1/jobs/{job.id}/files/passwd"), 422) == "invalid"


def test_files_of_a_job_that_has_not_ended_or_failed_are_not_there(house: House, client: TestClient) -> None:
    job = begin(house, a_video(house, client))
    assert code(client.get(f"/v1/jobs/{job.id}/files/video"), 409) == "job-not-finished"

    house.jobs.fail(job, Failure("no-video-stream", "There is no video in it."))

    assert code(client.get(f"/v1/jobs/{job.id}/files/video"), 409) == "job-failed"
    assert code(client.get(f"/v1/jobs/{job.id}/result"), 409) == "job-failed"


def test_the_first_frame_is_there_before_the_job_has_ended(house: House, client: TestClient) -> None:
    recording = a_video(house, client)
    path = f"/v1/jobs/{recording.job_ids[0]}/preview"
    early = client.get(path)
    assert (code(early, 409), early.headers["retry-after"]) == ("preview-not-ready", "1")
    job = begin(house, recording)
    assert code(client.get(path), 409) == "preview-not-ready"

    draw(house, job)

    assert client.get(path).headers["location"] == f"https://bucket.example/results/{job.id}/1/preview.png"


def test_a_job_that_ended_before_there_was_a_frame_has_none(house: House, client: TestClient) -> None:
    job = begin(house, a_video(house, client))
    house.jobs.fail(job, Failure("no-video-stream", "There is no video in it."))

    assert code(client.get(f"/v1/jobs/{job.id}/preview"), 404) == "no-preview"


def test_files_go_to_the_second_and_what_was_made_is_known_for_longer(
    house: House, client: TestClient, clock: FakeClock, anna: User
) -> None:
    job = begin(house, a_video(house, client))
    begun_at = clock()
    clock.pass_time(timedelta(minutes=10))
    draw(house, job)
    finish(house, job, File.VIDEO, begun_at=begun_at)

    clock.pass_time(timedelta(days=1, minutes=-10, seconds=-1))
    later = house.client(anna)
    assert later.get(f"/v1/jobs/{job.id}/files/video").status_code == 307
    clock.pass_time(timedelta(seconds=1))

    assert code(later.get(f"/v1/jobs/{job.id}/files/video"), 410) == "result-expired"
    assert code(later.get(f"/v1/jobs/{job.id}/preview"), 410) == "result-expired"
    assert later.get(f"/v1/jobs/{job.id}/result").json()["expires_at"] == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize("path", ["files/video", "preview", "result"])
def test_what_was_made_of_a_deleted_recording_is_not_there(house: House, client: TestClient, path: str) -> None:
    job = done(house, client, File.VIDEO)
    house.recordings.delete(house.recordings.get(job.recording_id))

    assert client.get(f"/v1/jobs/{job.id}/{path}").status_code == 404


def test_all_that_was_made_goes_with_its_job_and_with_its_recording(house: House, client: TestClient) -> None:
    first, second = done(house, client, File.VIDEO, File.PNG), done(house, client, File.VIDEO)

    assert client.delete(f"/v1/jobs/{first.id}").status_code == 204
    client.delete(f"/v1/recordings/{second.recording_id}")
    house.removal.remove(second.recording_id)

    assert [key for key in house.media.kept if key.startswith("results/")] == []


def test_sound_that_is_to_become_a_picture_is_refused_when_it_is_announced(house: House, client: TestClient) -> None:
    assert code(announce(client, filename="a.wav", content_type="audio/wav", process=[ASCII]), 422) == "no-video"


def test_a_recording_of_sound_has_no_picture(house: House, client: TestClient) -> None:
    body = announce(client, filename="a.wav", content_type="audio/wav", process=[]).json()
    recording = house.uploaded(house.recordings.get(body["recording"]["id"]), WAV)
    assert recording.media_kind is MediaKind.AUDIO

    alone = client.post("/v1/jobs", json=ASCII | {"recording_id": recording.id})
    batch = client.post("/v1/batches", json=ASCII | {"recording_ids": [recording.id]}).json()

    assert code(alone, 409) == "no-video"
    assert [one["code"] for one in batch["refused"]] == ["no-video"]


@pytest.mark.parametrize(
    "options",
    [
        {"width": 9},
        {"width": 241},
        {"style": "cubist"},
        {"text_color": "green"},
        {"save_mp4": False},
        {"crf": 52},
        {"fps": 0},
        {"transparent_bg": True},
        {"random_colors": True, "colors": "source"},
        {"bg_color": "#ffffff"},
        {"shell": "rm -rf /"},
    ],
)
def test_options_that_make_no_sense_are_refused(house: House, client: TestClient, options: dict[str, Any]) -> None:
    recording = a_video(house, client)

    answer = client.post("/v1/jobs", json=ASCII | {"recording_id": recording.id, "options": options})

    assert code(answer, 422) == "invalid"


def test_the_rest_of_the_house_bears_a_kind_that_nobody_speaks_in(house: House, client: TestClient) -> None:
    webhook = client.post("/v1/webhooks", json={"url": "https://example.com/parley"})
    assert webhook.status_code == 201
    job = done(house, client, File.VIDEO)
    recording = house.recordings.get(job.recording_id)
    house.recordings.take_stock_of([(recording, [job])])
    house.settle()

    assert house.recordings.get(recording.id).work is Work.DONE
    assert code(client.get(f"/v1/recordings/{recording.id}/transcript"), 404) == "no-transcript"
    assert client.get("/v1/search", params={"q": "ascii"}).json()["items"] == []
    assert client.get("/v1/recordings/stats").status_code == 200
    [listed] = client.get("/v1/jobs", params={"kind": "ascii_video"}).json()["items"]
    assert (listed["id"], listed["status"]) == (job.id, Status.SUCCEEDED)


def test_a_summary_is_not_made_of_pictures(house: House, client: TestClient) -> None:
    job = done(house, client, File.VIDEO)

    answer = client.post("/v1/jobs", json={"kind": "summarise", "recording_id": job.recording_id})

    assert code(answer, 409) == "no-transcript"


def test_presets_of_the_house_are_valid_and_have_names_in_two_languages(house: House, client: TestClient) -> None:
    presets = client.get("/v1/presets", params={"kind": "ascii_video", "limit": 100}).json()["items"]

    assert {"classic", "matrix", "braille", "blueprint", "newspaper", "газета", "colour"} <= {
        one["name"] for one in presets
    }


def test_a_failed_one_is_done_once_more(house: House, client: TestClient) -> None:
    job = begin(house, a_video(house, client))
    house.jobs.fail(job, Failure("timed-out", "It took too long."))

    again = client.post(f"/v1/jobs/{job.id}/retry").json()

    assert (again["kind"], again["retry_of"]) == ("ascii_video", job.id)
