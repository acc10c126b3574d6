"""From an upload to an MP4 of characters: real pictures and sound in, the same time and sound out."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests.journeys.caller import Caller
from tests.local_system import LocalSystem, eventually, is_alive
from tests.video_making import moving_square, video

pytestmark = pytest.mark.journey

WIDTH, HEIGHT, FRAMES, RATE = 320, 240, 50, 25


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "праздник 🎬.mp4"
    pictures = moving_square(FRAMES, width=WIDTH, height=HEIGHT)
    path.write_bytes(video(pictures, rate=RATE, sound="aac", sound_seconds=FRAMES / RATE))
    return path


def ascii_video(**options: Any) -> list[dict[str, Any]]:
    return [{"kind": "ascii_video", "options": options}]


def job_of(anna: Caller, recording_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        jobs = anna.recording(recording_id)["jobs"]
        return jobs[0] if jobs else None

    return eventually(look, within=30)  # type: ignore[no-any-return]


def fetched(anna: Caller, path: str) -> httpx.Response:
    address = anna.http.get(path)
    assert address.status_code == 307, address.text
    return httpx.get(address.headers["location"], timeout=60).raise_for_status()


def test_a_video_comes_back_as_characters_with_its_time_and_its_sound(anna: Caller, film: Path) -> None:
    recording_id = anna.upload(film, process=ascii_video(width=40, save_txt=True, save_png=True))
    job = job_of(anna, recording_id)
    path = f"/v1/jobs/{job['id']}"
    still = eventually(lambda: anna.http.get(f"{path}/preview").status_code == 307, within=60)
    recording = anna.settled(recording_id, within=60)

    assert still
    [job] = recording["jobs"]
    assert (job["status"], job["progress"]) == ("succeeded", 1.0)
    assert job["timings"].keys() >= {"opening", "rendering", "saving"}
    result = anna.http.get(f"{path}/result").raise_for_status().json()
    assert (result["frames"], result["columns"], result["width"], result["height"]) == (FRAMES, 40, WIDTH, HEIGHT)
    assert (result["has_audio"], result["warnings"]) == (True, [])
    assert result["files"].keys() == {"video", "txt", "png"}

    film_of_characters = fetched(anna, result["files"]["video"]["url"])
    assert len(film_of_characters.content) == result["files"]["video"]["bytes"]
    assert "%D0%BF%D1%80%D0%B0%D0%B7%D0%B4%D0%BD%D0%B8%D0%BA" in film_of_characters.headers["content-disposition"]
    with av.open(io.BytesIO(film_of_characters.content), "r") as opened:
        frames = list(opened.decode(video=0))
        assert (frames[0].width, frames[0].height, len(frames)) == (WIDTH, HEIGHT, FRAMES)
        assert [round(float(frame.time) * RATE) for frame in frames] == list(range(FRAMES))
        assert len(opened.streams.audio) == 1
    with zipfile.ZipFile(io.BytesIO(fetched(anna, f"{path}/files/frames").content)) as pictures:
        assert len([name for name in pictures.namelist() if name.endswith(".png")]) == FRAMES
    assert fetched(anna, f"{path}/preview").content.startswith(b"\x89PNG")
    assert anna.http.get(f"{path}/files/gif").json()["code"] == "no-such-file"
    eventually(lambda: anna.recording(recording_id)["work"] == "done", within=10)


def test_what_is_no_video_says_so(anna: Caller, folder: Path) -> None:
    path = folder / "broken.mp4"
    path.write_bytes(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + os.urandom(5000))

    recording = anna.settled(anna.upload(path, process=ascii_video()), within=60)

    [job] = recording["jobs"]
    assert (job["status"], job["error"]["code"]) == ("failed", "unreadable-media")
    assert anna.http.get(f"/v1/jobs/{job['id']}/files/video").json()["code"] == "job-failed"


def test_a_cancelled_one_stops_at_once_and_leaves_nothing(
    system: LocalSystem, anna: Caller, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    # Soon made, and minutes of work: two minutes of which 120 pictures a second are asked for, in colour.
    path.write_bytes(video(moving_square(120, width=640, height=480), rate=1))
    wanted = ascii_video(width=240, colors="source", fps=120, save_png=True, save_gif=True)
    recording_id = anna.upload(path, process=wanted)
    job = job_of(anna, recording_id)

    def renders() -> bool:
        return bool(anna.http.get(f"/v1/jobs/{job['id']}").json()["stage"] == "rendering")

    eventually(renders, within=60)
    answer = anna.http.post(f"/v1/jobs/{job['id']}/cancel")
    assert answer.json()["status"] == "cancelled"

    # A worker learns of it within two seconds or so; then its files go.
    bucket = system.aws("s3").list_buckets()["Buckets"][0]["Name"]

    def is_empty() -> bool:
        found = system.aws("s3").list_object_versions(Bucket=bucket, Prefix=f"results/{job['id']}/")
        uploads = system.aws("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        return not found.get("Versions") and not [one for one in uploads if job["id"] in one["Key"]]

    eventually(is_empty, within=10)
    assert is_alive(system.worker)
