import base64
import io
import re
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import unquote

import docx
import pytest
import srt
import webvtt
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st

from functions.api.application import document_of
from functions.api.lambda_handler import handler_for
from functions.core.accounts.model import User
from functions.core.jobs.results import Segment, Transcript, transcript_to_json
from functions.core.recordings.media import attachment, result_key
from functions.core.recordings.model import Recording
from tests.builders import a_transcript
from tests.house import House, every_door

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LONG = "The customer agreed on the price on Monday, and then, after a long while, we called Peter about the contract."
HARD = ["Нужно проверить договор 👍🏽.", "مرحبا بالعالم", "שלום", "<b> & -->"]


def spoken(*said: tuple[str | None, str]) -> Transcript:
    return a_transcript(
        segments=tuple(
            Segment(id=number, start=number * 5.0, end=number * 5.0 + 5, text=text, speaker=speaker)
            for number, (speaker, text) in enumerate(said)
        )
    )


def transcribed(house: House, owner: User, transcript: Transcript, **announced: object) -> Recording:
    announcement = {"filename": "a.wav", "size": len(WAV), "content_type": "audio/wav", "title": "встреча"}
    answer = house.client(owner).post("/v1/recordings", json=announcement | announced)
    recording = house.uploaded(house.recordings.get(answer.json()["recording"]["id"]), WAV)
    job_id = recording.job_ids[0]
    held = house.jobs.claim(job_id, by="test", lease=timedelta(seconds=30))
    key = result_key(job_id, 1, "transcript.json")
    house.media.write(key, transcript_to_json(transcript), content_type="application/json")
    house.jobs.finish(held, result_key=key, timings={})
    return recording


def fetch(house: House, owner: User, recording: Recording, **query: object) -> Response:
    params: dict[str, Any] = query
    return house.client(owner).get(f"/v1/recordings/{recording.id}/transcript", params=params)


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("json", "application/json"),
        ("txt", "text/plain; charset=utf-8"),
        ("srt", "application/x-subrip; charset=utf-8"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("tsv", "text/tab-separated-values; charset=utf-8"),
        ("docx", WORD),
    ],
)
def test_each_format_has_its_type_and_its_name(house: House, anna: User, form: str, media_type: str) -> None:
    recording = transcribed(house, anna, spoken(("Anna", "one")), title='Планёрка 📞 "1"/2\\3')

    answer = fetch(house, anna, recording, format=form)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == (
        f"attachment; filename=\"________ _ _1__2_3.{form}\"; filename*=UTF-8''"
        f"%D0%9F%D0%BB%D0%B0%D0%BD%D1%91%D1%80%D0%BA%D0%B0%20%F0%9F%93%9E%20%221%22_2_3.{form}"
    )


def test_what_was_said_is_whole_in_every_format(house: House, anna: User) -> None:
    recording = transcribed(house, anna, spoken(*(("Анна", text) for text in HARD)))
    bodies = {form: fetch(house, anna, recording, format=form) for form in ("json", "txt", "srt", "vtt", "tsv", "docx")}

    assert [one["text"] for one in bodies["json"].json()["segments"]] == HARD
    assert bodies["txt"].text == "".join(f"{line}\n" for line in [f"Анна: {HARD[0]}", *HARD[1:]])
    assert [one.content for one in srt.parse(bodies["srt"].text)] == [f"Анна: {HARD[0]}", *HARD[1:]]
    cues = webvtt.from_string(bodies["vtt"].text).captions
    assert [one.voice for one in cues] == ["Анна"] * 4
    assert cues[3].raw_text == "<v Анна>&lt;b&gt; &amp; --&gt;</v>"
    assert bodies["tsv"].text.splitlines()[4] == "15000\t20000\t<b> & -->\tАнна"
    paragraphs = docx.Document(io.BytesIO(bodies["docx"].content)).paragraphs
    assert paragraphs[0].text == "встреча"
    assert paragraphs[2].text == f"0:00  Анна: {' '.join(HARD)}"


def test_captions_are_laid_out_as_wanted(house: House, anna: User) -> None:
    recording = transcribed(house, anna, spoken((None, LONG)))

    usual = list(srt.parse(fetch(house, anna, recording, format="srt").text))
    narrow = list(srt.parse(fetch(house, anna, recording, format="srt", max_line_length=20, max_lines=1).text))
    wide = fetch(house, anna, recording, format="vtt", max_line_length=200).text

    assert [len(one.content.split("\n")) for one in usual] == [2, 2]
    assert max(len(line) for one in usual for line in one.content.split("\n")) <= 42
    assert all(len(one.content) <= 20 for one in narrow)
    assert " ".join(one.content for one in narrow) == LONG
    assert LONG in wide


@pytest.mark.parametrize("form", ["txt", "srt", "vtt", "tsv", "docx"])
def test_speakers_can_be_hidden(house: House, anna: User, form: str) -> None:
    recording = transcribed(house, anna, spoken(("Zed", "one")))

    def shown(**query: object) -> str:
        answer = fetch(house, anna, recording, format=form, **query)
        if form == "docx":
            return docx.Document(io.BytesIO(answer.content)).paragraphs[2].text
        return answer.text

    assert "Zed" in shown()
    assert "Zed" not in shown(speakers="false")


@pytest.mark.parametrize("form", ["json", "txt", "tsv", "docx"])
def test_formats_without_lines_ignore_the_layout(house: House, anna: User, form: str) -> None:
    recording = transcribed(house, anna, spoken((None, LONG)))

    plain = fetch(house, anna, recording, format=form)
    laid_out = fetch(house, anna, recording, format=form, max_line_length=10, max_lines=1)

    assert (laid_out.status_code, laid_out.content) == (200, plain.content)


@pytest.mark.parametrize(
    "bad",
    [
        {"format": "pdf"},
        {"max_line_length": 9},
        {"max_line_length": 201},
        {"max_line_length": "wide"},
        {"max_lines": 0},
        {"max_lines": 6},
        {"speakers": "perhaps"},
    ],
)
def test_a_look_that_there_is_not_is_refused(house: House, anna: User, bad: dict[str, object]) -> None:
    recording = transcribed(house, anna, spoken((None, "one")))

    answer = fetch(house, anna, recording, **({"format": "srt"} | bad))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == f"/query/{next(iter(bad))}"


def test_the_day_of_the_recording_stands_in_its_document(house: House, anna: User) -> None:
    recording = transcribed(house, anna, spoken((None, "one")), recorded_at="2026-01-02T23:00:00+03:00")

    answer = fetch(house, anna, recording, format="docx")

    assert "2026-01-0" in docx.Document(io.BytesIO(answer.content)).paragraphs[1].text


def test_a_file_too_large_for_an_answer_is_a_clear_refusal(house: House, anna: User) -> None:
    recording = transcribed(house, anna, a_transcript(*["слово " * 200] * 2500))

    answer = fetch(house, anna, recording, format="txt")

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert "json" in answer.json()["detail"]


def test_a_document_leaves_a_lambda_byte_for_byte(house: House, anna: User, lambdas_loop: None) -> None:
    recording = transcribed(house, anna, spoken((None, "one")))
    path = f"/v1/recordings/{recording.id}/transcript"
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "format=docx",
        "headers": {"authorization": f"Bearer {house.token_of(anna)}", "host": "parley.example"},
        "requestContext": {"http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1"}},
        "isBase64Encoded": False,
    }

    answer = handler_for(house.app)(event, None)

    assert answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == fetch(house, anna, recording, format="docx").content


def test_the_document_of_the_api_names_every_type(house: House) -> None:
    operation = document_of(every_door())["paths"]["/v1/recordings/{recording_id}/transcript"]["get"]

    assert set(operation["responses"]["200"]["content"]) == {
        "application/json",
        "text/plain",
        "application/x-subrip",
        "text/vtt",
        "text/tab-separated-values",
        WORD,
    }
    layout = {one["name"]: one["schema"] for one in operation["parameters"]}
    assert (layout["max_line_length"]["minimum"], layout["max_line_length"]["maximum"]) == (10, 200)
    assert (layout["max_lines"]["default"], layout["max_line_length"]["default"]) == (2, 42)


@given(st.text(max_size=60))
def test_any_name_is_one_harmless_header(name: str) -> None:
    header = attachment(name)

    assert re.fullmatch(r"attachment; filename=\"[ !#-.0-\[\]-~]*\"; filename\*=UTF-8''[\w.~%-]*", header, re.ASCII)
    assert unquote(header.split("''", 1)[1]) == name.replace("/", "_").replace("\\", "_")
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"


def test_a_name_that_no_encoding_can_write_is_a_name_still() -> None:
    assert attachment("a\ud800b") == "attachment; filename=\"a_b\"; filename*=UTF-8''a%3Fb"


def test_a_line_break_in_a_name_makes_no_header() -> None:
    header = attachment('x"\r\nSet-Cookie: a=b')

    assert header == "attachment; filename=\"x___Set-Cookie: a=b\"; filename*=UTF-8''x%22%0D%0ASet-Cookie%3A%20a%3Db"
