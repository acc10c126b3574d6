import threading
from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.jobs.model import Kind
from functions.core.jobs.results import transcript_from_json
from functions.core.recordings.model import Process, Recording
from tests.builders import a_transcript
from tests.house import House


@pytest.fixture
def recording(house: House, anna: User) -> Recording:
    said = a_transcript("Send the invoice two Anna.", "Нужно проверить договор.")
    return house.a_transcribed_recording(anna, said, process=(Process(Kind.TRANSCRIBE),))


@pytest.fixture
def client(house: House, anna: User) -> TestClient:
    return house.client(anna)


def correct(client: TestClient, recording: Recording, **body: Any) -> Response:
    return client.patch(f"/v1/recordings/{recording.id}/transcript", json=body)


def texts(client: TestClient, recording: Recording, **query: str) -> list[str]:
    answer = client.get(f"/v1/recordings/{recording.id}/transcript", params=query)
    return [segment["text"] for segment in answer.json()["segments"]]


def test_a_corrected_text_is_read_everywhere_and_the_original_stays(client: TestClient, recording: Recording) -> None:
    answer = correct(client, recording, segments=[{"id": 0, "text": "Send the invoice to Anna."}])

    assert answer.json() == {
        "recording_id": recording.id,
        "job_id": recording.job_ids[0],
        "segments": [0],
        "words": 6,
    }
    url = f"/v1/recordings/{recording.id}/transcript"
    read = client.get(url).json()
    assert read["segments"][0]["text"] == "Send the invoice to Anna."
    assert (read["segments"][0]["start"], read["segments"][0]["end"]) == (0.0, 1.5)
    assert (read["corrected"], "to Anna" in read["text"]) == ([0], True)
    for form in ("txt", "srt", "vtt", "tsv"):
        assert "invoice to Anna" in client.get(url, params={"format": form}).text
    assert texts(client, recording, version="original")[0] == "Send the invoice two Anna."
    assert client.get(f"/v1/jobs/{recording.job_ids[0]}/result").json()["segments"][0]["text"].endswith("two Anna.")


def test_later_corrections_add_to_earlier_ones_and_null_takes_one_back(
    client: TestClient, recording: Recording
) -> None:
    correct(client, recording, segments=[{"id": 0, "text": "One."}])
    correct(client, recording, segments=[{"id": 1, "text": "Два."}])
    assert texts(client, recording) == ["One.", "Два."]

    correct(client, recording, segments=[{"id": 0, "text": None}])
    assert texts(client, recording) == ["Send the invoice two Anna.", "Два."]

    assert client.delete(f"/v1/recordings/{recording.id}/transcript/corrections").status_code == 204
    assert texts(client, recording) == texts(client, recording, version="original")


def test_only_the_newest_corrections_are_kept_in_the_bucket(
    house: House, client: TestClient, recording: Recording
) -> None:
    for text in ("a", "b", "c"):
        correct(client, recording, segments=[{"id": 0, "text": text}])
    assert len([key for key in house.media.objects if "/corrections/" in key]) == 2

    correct(client, recording, segments=[{"id": 0, "text": None}])
    assert not [key for key in house.media.objects if "/corrections/" in key]


def test_people_who_correct_at_the_same_time_lose_nothing(house: House, anna: User, recording: Recording) -> None:
    def work(number: int) -> None:
        correct(house.client(anna), recording, segments=[{"id": number, "text": f"text {number}"}])

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts(house.client(anna), recording) == ["text 0", "text 1"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"segments": [{"id": 0, "text": "a"}, {"id": 0, "text": "b"}]}, "invalid"),
        ({"segments": [{"id": -1, "text": "a"}]}, "invalid"),
        ({"segments": [{"id": 0, "text": "a" * 10_001}]}, "invalid"),
        ({"segments": [{"id": 0, "speaker": "a\nb"}]}, "invalid"),
        ({"segments": [{"id": 99, "text": "a"}]}, "unknown-segment"),
        ({"speakers": {"Speaker 1": "Anna"}}, "unknown-speaker"),
    ],
)
def test_a_wrong_correction_is_refused_and_changes_nothing(
    client: TestClient, recording: Recording, body: dict[str, Any], code: str
) -> None:
    answer = correct(client, recording, **body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert texts(client, recording) == texts(client, recording, version="original")


def test_a_corrected_transcript_has_words_with_times(house: House, client: TestClient, recording: Recording) -> None:
    correct(client, recording, segments=[{"id": 0, "text": "Send it."}])

    answer = client.get(f"/v1/recordings/{recording.id}/transcript")
    segment = transcript_from_json(answer.content).segments[0]
    assert [word.word for word in segment.words] == ["Send", "it."]
    assert (segment.words[0].start, segment.words[-1].end) == (0.0, 1.5)
