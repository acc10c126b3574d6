"""Bad input gets a clear answer and leaves nothing half made."""

from pathlib import Path

import httpx
import pytest

from tests.journeys.caller import Caller
from tests.local_system import LocalSystem

pytestmark = pytest.mark.journey

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 1000


@pytest.fixture
def wav(folder: Path) -> Path:
    path = folder / "a.wav"
    path.write_bytes(WAV)
    return path


def test_the_bucket_takes_exactly_what_was_announced(anna: Caller, wav: Path) -> None:
    announced = anna.announce(wav)
    form = announced["upload"]

    longer = anna.send(form, WAV + b"x")
    shorter = anna.send(form, WAV[:-1])
    other_type = anna.send(form, WAV, **{"Content-Type": "text/html"})
    other_key = anna.send(form, WAV, key="media/usr_x/rec_x/source")
    forged = anna.send(form, WAV, **{"x-amz-signature": "0" * 64})

    assert [answer.status_code for answer in (longer, shorter)] == [400, 400]
    assert [answer.status_code for answer in (other_type, other_key, forged)] == [403, 403, 403]
    assert anna.recording(announced["recording"]["id"])["status"] == "awaiting_upload"


def test_a_text_called_mp3_is_refused_with_a_reason(anna: Caller, folder: Path) -> None:
    (folder / "song.mp3").write_text("la la la\n" * 50)

    refused = anna.settled(anna.upload(folder / "song.mp3"))

    assert (refused["status"], refused["error"]["code"], refused["jobs"]) == ("refused", "not-media", [])


def test_bytes_that_ffmpeg_cannot_read_fail_with_a_reason_and_so_does_the_summary(anna: Caller, wav: Path) -> None:
    recording_id = anna.upload(wav)
    transcribe, summarise = anna.settled(recording_id)["jobs"]

    answer = anna.transcript(recording_id)

    assert (transcribe["status"], transcribe["error"]["code"], transcribe["attempts"]) == ("failed", "not-media", 1)
    assert (summarise["status"], summarise["error"]["code"]) == ("failed", "transcript-missing")
    assert (answer.status_code, answer.json()["code"]) == (409, "transcript-failed")


def test_an_unknown_credential_opens_nothing(system: LocalSystem) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"X-API-Key": "nonsense"}):
        answer = httpx.get(f"{system.url}/v1/recordings", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_somebody_elses_recording_is_there_for_admins_only(system: LocalSystem, anna: Caller, wav: Path) -> None:
    recording_id = anna.announce(wav)["recording"]["id"]

    with Caller.registered(system.url) as bert:
        assert bert.http.get(f"/v1/recordings/{recording_id}").status_code == 404
    with Caller(system.url, "operator-key") as operator:
        assert operator.http.get(f"/v1/recordings/{recording_id}").status_code == 200


def test_what_the_gateway_cannot_carry_is_refused_as_too_large(anna: Caller) -> None:
    answer = anna.http.post("/v1/uploads", files={"file": ("a.wav", b"x" * 11_000_000, "audio/wav")})

    assert answer.status_code == 413


def test_an_original_is_downloaded_under_its_own_name_and_by_ranges(anna: Caller, wav: Path) -> None:
    named = wav.rename(wav.with_name("звонок «Анне».wav"))
    recording_id = anna.upload(named)
    anna.settled(recording_id)

    redirect = anna.http.get(f"/v1/recordings/{recording_id}/audio")
    url = redirect.headers["location"]
    whole, part = httpx.get(url), httpx.get(url, headers={"Range": "bytes=0-3"})

    assert (redirect.status_code, whole.content) == (307, WAV)
    assert (part.status_code, part.content) == (206, WAV[:4])
    assert "UTF-8''%D0%B7%D0%B2" in whole.headers["content-disposition"]
    assert httpx.get(url.replace("Signature=", "Signature=0")).status_code == 403
    assert httpx.get(url.split("?")[0]).status_code == 403
