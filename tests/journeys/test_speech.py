"""From an upload to a transcript and a summary: known words in, the same words out."""

import re
import wave
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import srt
import webvtt

from tests.journeys.caller import Caller
from tests.local_system import eventually
from tests.speech_synthesis import SAMPLE_RATE, conversation, encode, say, silence

pytestmark = pytest.mark.journey

ENGLISH = [
    "Send the invoice to Anna by Friday.",
    "The customer agreed on the price on Monday.",
    "Please call Peter about the contract tomorrow.",
    "The meeting is on Tuesday at ten.",
]
RUSSIAN = ["Менеджер подписал договор в понедельник.", "Нужно проверить счёт завтра."]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def spoken(path: Path, sentences: list[str], voice: str, *, video: bool = False) -> Path:
    encode(path, conversation(sentences, voice), SAMPLE_RATE, video=video)
    return path


def test_a_recording_comes_back_with_its_words_times_captions_and_a_summary_with_evidence(
    anna: Caller, folder: Path
) -> None:
    recording_id = anna.upload(spoken(folder / "звонок 📞.m4a", ENGLISH, "en-us"))
    recording = anna.settled(recording_id)

    transcript = anna.transcript(recording_id).json()
    summary = anna.summary(recording_id).json()

    assert [job["status"] for job in recording["jobs"]] == ["succeeded", "succeeded"]
    assert recording["title"] == "звонок 📞"
    assert (transcript["language"], recording["language"]) == ("en", "en")
    assert words(transcript["text"]) == words(" ".join(ENGLISH))
    said = [word for segment in transcript["segments"] for word in segment["words"]]
    assert all(0 <= word["start"] <= word["end"] <= transcript["duration"] for word in said)
    assert [word["start"] for word in said] == sorted(word["start"] for word in said)
    assert any("demo model" in note for note in transcript["notes"])
    ids = {segment["id"] for segment in transcript["segments"]}
    assert summary["bullets"]
    assert all(set(bullet["segments"]) <= ids and bullet["segments"] for bullet in summary["bullets"])
    assert (summary["coverage"], summary["engine"]) == (1.0, "extractive")
    assert any("invoice" in item["text"] for item in summary["action_items"])


def test_captions_are_valid_and_timed_as_the_segments(anna: Caller, folder: Path) -> None:
    recording_id = anna.upload(spoken(folder / "talk.mp3", ENGLISH, "en-us+f2"))
    anna.settled(recording_id)

    segments = anna.transcript(recording_id).json()["segments"]
    subrip = list(srt.parse(anna.transcript(recording_id, format="srt").text))
    vtt = webvtt.from_string(anna.transcript(recording_id, format="vtt").text).captions
    text = anna.transcript(recording_id, format="txt")

    said = [one.content.replace("\n", " ") for one in subrip]
    assert said == [one.text.replace("\n", " ") for one in vtt] == text.text.splitlines()
    assert [one.start for one in subrip] == [timedelta(seconds=segment["start"]) for segment in segments]
    assert text.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_call_recorded_in_two_channels_is_a_conversation_of_two(anna: Caller, folder: Path) -> None:
    lines = [
        ("en-us", 0, ENGLISH[0]),
        ("en-us+f2", 1, ENGLISH[1]),
        ("en-us", 0, ENGLISH[3]),
        ("en-us+f2", 1, ENGLISH[2]),
    ]
    recording_id = anna.upload(two_sided(folder / "call.wav", lines))
    anna.settled(recording_id)

    segments = anna.transcript(recording_id).json()["segments"]
    vtt = anna.transcript(recording_id, format="vtt").text

    assert [segment["speaker"] for segment in segments] == [f"Speaker {channel + 1}" for _, channel, _ in lines]
    assert [words(segment["text"]) for segment in segments] == [words(line) for _, _, line in lines]
    assert "<v Speaker 2>The customer" in vtt


def two_sided(path: Path, lines: list[tuple[str, int, str]]) -> Path:
    sides: list[list[np.ndarray]] = [[], []]
    for voice, channel, line in lines:
        sound = np.concatenate([say(line, voice), silence(0.5)])
        sides[channel].append(sound)
        sides[1 - channel].append(np.zeros_like(sound))
    both = np.stack([np.concatenate(side) for side in sides], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((both * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return path


def test_options_go_from_the_request_to_the_transcript(anna: Caller, folder: Path) -> None:
    options = {"model": "demo", "language": "en", "fast": True, "vocabulary": ["Anna"], "speakers": "none"}
    process = [{"kind": "transcribe", "options": options}]
    recording_id = anna.upload(spoken(folder / "fast.wav", ENGLISH[:1], "en-us"), process=process)
    job = anna.settled(recording_id)["jobs"][0]

    (segment,) = anna.transcript(recording_id).json()["segments"]

    assert (job["status"], job["options"]["fast"]) == ("succeeded", True)
    assert {"queued", "decode_and_vad", "model", "total", "realtime_factor"} <= job["timings"].keys()
    assert (words(segment["text"]), segment["words"]) == (words(ENGLISH[0]), [])


def test_a_model_that_is_not_here_is_said_in_words(anna: Caller, folder: Path) -> None:
    process = [{"kind": "transcribe", "options": {"model": "large-v3"}}]
    job = anna.settled(anna.upload(spoken(folder / "a.wav", ENGLISH[:1], "en-us"), process=process))["jobs"][0]

    assert (job["status"], job["error"]["code"]) == ("failed", "model-unavailable")
    assert "large-v3" in job["error"]["detail"]


def test_a_summary_is_made_again_with_questions_and_without_transcribing_again(anna: Caller, folder: Path) -> None:
    recording_id = anna.upload(spoken(folder / "sale.wav", ENGLISH, "en-us"))
    anna.settled(recording_id)

    asked = anna.http.post(
        "/v1/jobs",
        json={
            "recording_id": recording_id,
            "kind": "summarise",
            "options": {"template": "sales", "questions": ["When is the meeting?", "Who sings the opera?"]},
        },
    )
    jobs = anna.settled(recording_id)["jobs"]
    summary = anna.summary(recording_id).json()

    assert asked.status_code == 202
    assert [job["kind"] for job in jobs] == ["transcribe", "summarise", "summarise"]
    assert (summary["template"], summary["transcript_job_id"]) == ("sales", jobs[0]["id"])
    meeting, opera = summary["answers"]
    assert "Tuesday" in meeting["answer"]
    assert meeting["segments"]
    assert opera["answer"] is None


def test_russian_is_heard_as_russian_and_summarised_in_russian(anna: Caller, folder: Path) -> None:
    recording_id = anna.upload(spoken(folder / "встреча.ogg", RUSSIAN, "ru"))
    anna.settled(recording_id)

    transcript = anna.transcript(recording_id).json()

    assert transcript["language"] == "ru"
    assert words(transcript["text"]) == words(" ".join(RUSSIAN))
    assert anna.summary(recording_id).json()["language"] == "ru"


def test_a_video_is_transcribed_by_its_sound(anna: Caller, folder: Path) -> None:
    recording_id = anna.upload(spoken(folder / "film.mp4", ENGLISH[:2], "en-us", video=True), language="en")
    anna.settled(recording_id)

    transcript = anna.transcript(recording_id).json()

    assert words(transcript["text"]) == words(" ".join(ENGLISH[:2]))


def test_silence_is_an_empty_transcript_with_a_note_and_no_invented_words(anna: Caller, folder: Path) -> None:
    encode(folder / "silence.wav", np.zeros(SAMPLE_RATE * 5, np.float32), SAMPLE_RATE)
    recording_id = anna.upload(folder / "silence.wav")
    recording = anna.settled(recording_id)

    transcript = anna.transcript(recording_id).json()

    assert [job["status"] for job in recording["jobs"]] == ["succeeded", "succeeded"]
    assert (transcript["text"], transcript["segments"]) == ("", [])
    assert any("No speech" in note for note in transcript["notes"])
    assert anna.summary(recording_id).json()["bullets"] == []
    assert anna.transcript(recording_id, format="vtt").text == "WEBVTT\n"


def test_words_beyond_the_models_vocabulary_come_back_with_an_honest_note(anna: Caller, folder: Path) -> None:
    strange = ["Quantum chromodynamics fascinates nocturnal giraffes.", "Bewildered penguins juggle marmalade."]
    recording_id = anna.upload(spoken(folder / "strange.wav", strange, "en-us"))
    recording = anna.settled(recording_id)

    notes = anna.transcript(recording_id).json()["notes"]

    assert [job["status"] for job in recording["jobs"]] == ["succeeded", "succeeded"]
    assert any("unsure" in note for note in notes)


def test_noise_and_music_come_back_without_a_crash(anna: Caller, folder: Path) -> None:
    seconds = np.arange(SAMPLE_RATE * 6) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * pitch * seconds) for pitch in (220, 277.2, 329.6)) / 6
    noise = np.random.default_rng(1).normal(0, 0.1, len(seconds))
    for name, sound in (("music.flac", chord), ("noise.flac", noise)):
        encode(folder / name, np.asarray(sound, np.float32), SAMPLE_RATE)

    done = [anna.settled(anna.upload(folder / name)) for name in ("music.flac", "noise.flac")]

    assert {job["status"] for recording in done for job in recording["jobs"]} == {"succeeded"}


def test_a_truncated_recording_is_transcribed_as_far_as_it_goes(anna: Caller, folder: Path) -> None:
    whole = spoken(folder / "whole.wav", ENGLISH, "en-us").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    recording_id = anna.upload(folder / "cut.wav")
    anna.settled(recording_id)

    transcript = anna.transcript(recording_id).json()

    assert words(transcript["text"])[:7] == words(ENGLISH[0])
    assert len(transcript["notes"]) > 2


def test_info_says_which_model_was_used(anna: Caller) -> None:
    info = eventually(lambda: (i := anna.http.get("/v1/info").json())["model"]["name"] and i, within=60)

    assert (info["model"]["name"], info["device"], info["summary_engine"]) == ("demo", "cpu", "extractive")
    assert info["model"]["notes"]
