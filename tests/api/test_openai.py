import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from functions.api.forms import MOST_FILE_BYTES
from functions.core.accounts.model import User
from functions.core.jobs.model import Failure, Job
from functions.core.jobs.results import Segment, Transcript, transcript_to_json
from functions.core.recordings.media import result_key, source_key
from functions.core.recordings.model import Recording
from functions.openai.waiting import Patience
from tests.builders import a_transcript
from tests.house import House

# OpenAI means to retire its translations; its client warns of that.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100
FILE = ("встреча.wav", WAV, "audio/wav")
SAID = a_transcript("Send the invoice to Anna.", "Sure.", duration=3.2)


class Worker:
    """Does all the work that there is when a request pauses for the `at`th time; time passes by pauses alone."""

    def __init__(self, *, at: int = 1) -> None:
        self.at = at
        self.said: Transcript = SAID
        self.failure: Failure | None = None
        self.pauses: list[float] = []
        self.house = House(patience=Patience(seconds=25, now=lambda: sum(self.pauses), sleep=self.pause))

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == self.at:
            self.work()

    def work(self) -> None:
        for key in [key for key in self.house.media.objects if key.endswith("/source")]:
            self.house.arrivals.take_in(key)
        for job in self.jobs:
            if not job.is_finished:
                self.finish(job)

    def finish(self, job: Job) -> None:
        held = self.house.jobs.claim(job.id, by="test", lease=timedelta(seconds=30))
        if self.failure is not None:
            self.house.jobs.fail(held, self.failure)
            return
        key = result_key(job.id, 1, "transcript.json")
        self.house.media.write(key, transcript_to_json(self.said), content_type="application/json")
        self.house.jobs.finish(held, result_key=key, timings={})

    @property
    def recordings(self) -> list[Recording]:
        documents = [pk for pk in self.house.library_table.documents if pk.startswith("RECORDING#")]
        return [self.house.recordings.get(pk.removeprefix("RECORDING#")) for pk in documents]

    @property
    def jobs(self) -> list[Job]:
        return [job for recording in self.recordings for job in self.house.jobs.get_many(recording.job_ids)]

    @property
    def options(self) -> dict[str, Any]:
        [job] = self.jobs
        return job.options


class InHouse(httpx2.BaseTransport):
    """Leads the official client into the app instead of to the network."""

    def __init__(self, house: House) -> None:
        self._client = TestClient(house.app, raise_server_exceptions=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._client.request(
            request.method, str(request.url), content=request.read(), headers=dict(request.headers)
        )
        return httpx2.Response(answer.status_code, headers=list(answer.headers.items()), content=answer.content)


def official(house: House, user: User, *, max_retries: int = 0, **key: object) -> OpenAI:
    made = house.client(user).post("/v1/api-keys", json={"name": "program", **key}).json()
    return OpenAI(
        base_url="http://testserver/v1",
        api_key=made["secret"],
        max_retries=max_retries,
        http_client=httpx2.Client(transport=InHouse(house)),
    )


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def house(worker: Worker) -> House:
    return worker.house


@pytest.fixture
def client(house: House, anna: User) -> OpenAI:
    return official(house, anna)


def transcribe(client: OpenAI, **changes: Any) -> Any:
    return client.audio.transcriptions.create(**{"file": FILE, "model": "whisper-1"} | changes)


def translate(client: OpenAI, **changes: Any) -> Any:
    return client.audio.translations.create(**{"file": FILE, "model": "whisper-1"} | changes)


def error_of(answer: Any) -> dict[str, Any]:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    return dict(body["error"])


def test_the_official_client_gets_the_text(client: OpenAI) -> None:
    answer = transcribe(client)

    assert answer.text == "Send the invoice to Anna. Sure."
    assert (answer.usage.type, answer.usage.seconds) == ("duration", 4)


def test_a_transcription_stays_in_the_callers_history_with_that_one_job(
    client: OpenAI, house: House, anna: User
) -> None:
    transcribe(client)

    [recording] = house.client(anna).get("/v1/recordings").json()["items"]
    assert (recording["title"], recording["filename"]) == ("встреча", "встреча.wav")
    assert [job["kind"] for job in recording["jobs"]] == ["transcribe"]
    assert house.media.read(f"media/{anna.id}/{recording['id']}/source") == WAV


SRT = """1
00:00:00,000 --> 00:00:01,500
Send the invoice to Anna.

2
00:00:02,000 --> 00:00:03,500
Sure.
"""
VTT = """WEBVTT

00:00:00.000 --> 00:00:01.500
Send the invoice to Anna.

00:00:02.000 --> 00:00:03.500
Sure.
"""


@pytest.mark.parametrize(
    ("form", "written"), [("text", "Send the invoice to Anna. Sure.\n"), ("srt", SRT), ("vtt", VTT)]
)
def test_texts_and_captions_come_raw(client: OpenAI, form: str, written: str) -> None:
    assert transcribe(client, response_format=form) == written


def test_verbose_json_has_segments_and_the_name_of_the_language(worker: Worker, client: OpenAI) -> None:
    heard = Segment(id=0, start=0.5, end=1.5, text="Да.", avg_logprob=-0.25, no_speech_prob=0.125)
    worker.said = a_transcript(language="ru", duration=1.75, segments=(heard,))

    answer = transcribe(client, response_format="verbose_json")

    assert (answer.task, answer.language, answer.duration, answer.text) == ("transcribe", "russian", 1.75, "Да.")
    assert answer.words is None
    assert answer.segments[0].to_dict() == {
        "id": 0,
        "seek": 50,
        "start": 0.5,
        "end": 1.5,
        "text": " Да.",
        "tokens": [],
        "temperature": 0,
        "avg_logprob": -0.25,
        "compression_ratio": pytest.approx(0.385, abs=0.001),
        "no_speech_prob": 0.125,
    }


@pytest.mark.parametrize(
    ("granularities", "has_segments", "has_words"),
    [(["word"], False, True), (["segment"], True, False), (["word", "segment"], True, True)],
)
def test_verbose_json_has_what_was_asked_for(
    worker: Worker, client: OpenAI, granularities: list[str], has_segments: bool, has_words: bool
) -> None:
    answer = transcribe(client, response_format="verbose_json", timestamp_granularities=granularities)

    assert (answer.segments is not None, answer.words is not None) == (has_segments, has_words)
    assert worker.options.get("word_timestamps") is (True if has_words else None)
    if has_words:
        assert answer.words[1].to_dict() == {"word": "Sure.", "start": 2.0, "end": 3.5}


def test_speakers_are_letters_in_the_order_in_which_they_speak(worker: Worker, client: OpenAI) -> None:
    speakers = ["Speaker 2", "Speaker 1", "Speaker 2"]
    turns = tuple(
        Segment(id=number, start=number, end=number + 1, text=f"Turn {number}.", speaker=speaker)
        for number, speaker in enumerate(speakers)
    )
    worker.said = a_transcript(duration=3.0, segments=turns)

    answer = transcribe(client, model="gpt-4o-transcribe-diarize", response_format="diarized_json")

    assert answer.task == "transcribe"
    assert [segment.speaker for segment in answer.segments] == ["A", "B", "A"]
    assert answer.segments[0].to_dict() == {
        "type": "transcript.text.segment",
        "id": "seg_001",
        "start": 0.0,
        "end": 1.0,
        "text": "Turn 0.",
        "speaker": "A",
    }
    assert "speakers" not in worker.options


def test_speakers_are_not_told_apart_unasked(worker: Worker, client: OpenAI) -> None:
    transcribe(client)

    assert worker.options == {"speakers": "none"}


def test_a_stream_has_the_text_bit_by_bit_and_its_end(client: OpenAI) -> None:
    events = list(transcribe(client, stream=True))

    assert [event.type for event in events] == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == "Send the invoice to Anna. Sure."


def test_a_stream_of_speakers_has_their_segments(client: OpenAI) -> None:
    events = list(transcribe(client, stream=True, response_format="diarized_json"))

    assert [event.type for event in events] == [
        *["transcript.text.delta", "transcript.text.segment"] * 2,
        "transcript.text.done",
    ]
    assert [event.segment_id for event in events[::2][:2]] == ["seg_001", "seg_002"]


def test_a_translation_is_in_english(worker: Worker, client: OpenAI) -> None:
    worker.said = a_transcript("Good day.", language="ru", task="translate")

    plain = translate(client)
    verbose = translate(client, response_format="verbose_json")

    assert plain.to_dict() == {"text": "Good day."}
    assert (verbose.language, verbose.task, verbose.text) == ("english", "translate", "Good day.")
    assert worker.options == {"task": "translate", "speakers": "none"}


def test_parameters_become_the_options_of_the_job(worker: Worker, client: OpenAI) -> None:
    transcribe(
        client,
        model="small",
        language="Russian",
        prompt="x" * 1000 + " Анна,\r\nПарли",
        temperature=0.4,
        chunking_strategy={"type": "server_vad", "threshold": 0.25, "silence_duration_ms": 200},
        extra_body={"hotwords": "Parley, Анна ,", "unheard_of": "1"},
    )

    options = worker.options
    assert len(options.pop("initial_prompt")) == 800
    assert options == {
        "model": "small",
        "language": "ru",
        "vocabulary": ["Parley", "Анна"],
        "speakers": "none",
        "vad": {"threshold": 0.25, "shortest_pause_ms": 200},
    }


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"])
def test_openais_names_mean_the_model_of_the_house(worker: Worker, client: OpenAI, model: str) -> None:
    transcribe(client, model=model)

    assert "model" not in worker.options


def test_a_chunking_strategy_comes_as_json_too(worker: Worker, client: OpenAI) -> None:
    transcribe(client, chunking_strategy=json.dumps({"type": "server_vad", "prefix_padding_ms": 300}))

    assert worker.options["vad"] == {"padding_ms": 300}


def test_models_are_listed_and_read(client: OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}

    assert {"whisper-1", "gpt-4o-transcribe", "large-v3", "demo"} <= set(listed)
    assert client.models.retrieve("whisper-1") == listed["whisper-1"]
    assert (listed["demo"].object, listed["demo"].owned_by) == ("model", "parley")


def read_model(client: OpenAI, model: str) -> Any:
    return client.models.retrieve(model)


@pytest.mark.parametrize("call", [transcribe, translate, read_model])
def test_a_model_that_is_not_there_is_not_found(client: OpenAI, call: Callable[..., Any]) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        call(client, model="whisper-9")

    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
    assert "whisper-9" in refused.value.message


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"file": ("a.wav", b"", "audio/wav")}, "file", "audio_too_short"),
        ({"file": ("a.wav", b"PK\x03\x04" + b"\x00" * 40, "audio/wav")}, "file", "invalid_file_format"),
        ({"file": ("a.mp3", "Вовсе не звук.".encode(), "audio/mpeg")}, "file", "invalid_file_format"),
        ({"temperature": 1.5}, "temperature", "invalid_value"),
        ({"response_format": "docx"}, "response_format", "invalid_value"),
        ({"language": "klingon"}, "language", "invalid_language_format"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities", "unsupported_value"),
        (
            {"timestamp_granularities": ["page"], "response_format": "verbose_json"},
            "timestamp_granularities[]",
            "invalid_value",
        ),
        ({"include": ["logprobs"]}, "include", "unsupported_value"),
        ({"known_speaker_names": ["anna"]}, "known_speaker_names", "unsupported_value"),
        ({"chunking_strategy": "by hand"}, "chunking_strategy", "invalid_value"),
        ({"chunking_strategy": {"type": "server_vad", "threshold": 0.01}}, "chunking_strategy", "invalid_value"),
        ({"extra_body": {"hotwords": "x" * 61}}, "hotwords", "invalid_value"),
    ],
)
def test_what_is_wrong_is_said_as_openai_says_it(
    worker: Worker, client: OpenAI, changes: dict[str, Any], param: str, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        transcribe(client, **changes)

    assert (refused.value.param, refused.value.code, refused.value.type) == (param, code, "invalid_request_error")
    assert worker.recordings == []


@pytest.mark.parametrize(
    ("files", "data", "param"),
    [({"file": FILE}, {}, "model"), ({}, {"model": "whisper-1"}, "file"), ({}, {"model": "x", "file": "text"}, "file")],
)
def test_a_missing_parameter_is_named(
    house: House, anna: User, files: dict[str, Any], data: dict[str, str], param: str
) -> None:
    answer = house.client(anna).post("/v1/audio/transcriptions", files=files, data=data)

    assert answer.status_code == 400
    assert error_of(answer)["param"] == param


def test_a_model_that_cannot_translate_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="cannot translate"):
        translate(client, model="demo")


def test_a_larger_file_is_shown_the_way(worker: Worker, client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        transcribe(client, file=("long.wav", WAV + b"\x00" * MOST_FILE_BYTES, "audio/wav"))

    assert refused.value.status_code == 413
    assert "POST /v1/recordings" in refused.value.message
    assert worker.recordings == []


def test_a_wrong_key_is_an_authentication_error(client: OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError) as refused:
        transcribe(client.with_options(api_key="nonsense"))

    assert refused.value.code == "invalid_api_key"
    assert refused.value.response.headers["www-authenticate"] == "Bearer"


def test_a_key_without_the_scope_is_a_permission_error(house: House, anna: User) -> None:
    client = official(house, anna, scopes=["recordings:read"])

    with pytest.raises(openai.PermissionDeniedError) as refused:
        transcribe(client)

    assert refused.value.code == "insufficient_permissions"


def test_too_many_calls_are_a_rate_limit_error_that_says_how_long() -> None:
    house = House(requests_per_minute=2)
    client = official(house, house.a_known_user())
    client.models.list()

    with pytest.raises(openai.RateLimitError) as refused:
        client.models.list()

    assert refused.value.code == "rate_limit_exceeded"
    assert int(refused.value.response.headers["retry-after"]) > 0


def test_paths_and_methods_that_are_not_there_end_in_an_envelope(house: House, anna: User) -> None:
    client = house.client(anna)

    nowhere, wrong = client.post("/v1/audio/speech"), client.get("/v1/audio/transcriptions")

    assert (nowhere.status_code, error_of(nowhere)["code"]) == (404, "not_found")
    assert (wrong.status_code, error_of(wrong)["code"]) == (405, "method_not_supported")
    assert wrong.headers["allow"] == "POST"


def test_what_breaks_ends_in_an_envelope(
    house: House, anna: User, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(house.media, "write", break_down)

    with capture_logs(), pytest.raises(openai.InternalServerError) as broken:
        transcribe(client)

    assert (broken.value.type, broken.value.code) == ("server_error", "internal_error")
    assert "broken" not in broken.value.message


def test_all_other_paths_keep_their_problems(house: House, anna: User) -> None:
    answer = house.client(anna).get("/v1/recordings/rec_0")

    assert answer.headers["content-type"] == "application/problem+json"


def test_a_request_looks_less_and_less_often() -> None:
    worker = Worker(at=6)

    transcribe(official(worker.house, worker.house.a_known_user()))

    assert worker.pauses == pytest.approx([0.2, 0.3, 0.45, 0.675, 1.0, 1.0])


def test_what_takes_too_long_goes_on_and_says_where_it_will_be() -> None:
    worker = Worker(at=0)
    anna = worker.house.a_known_user()
    client = official(worker.house, anna)

    with pytest.raises(openai.InternalServerError) as late:
        transcribe(client)

    answer = late.value.response
    assert (answer.status_code, late.value.code) == (504, "still_transcribing")
    assert sum(worker.pauses) == pytest.approx(25)
    assert answer.headers["retry-after"] == "2"
    where = answer.headers["location"]
    assert where in late.value.message
    worker.work()
    assert worker.house.client(anna).get(where).json()["text"] == "Send the invoice to Anna. Sure."


@pytest.mark.parametrize(("eta_seconds", "retry_after"), [(12.3, "13"), (0.0, "1"), (4000.0, "60")])
def test_a_running_job_says_when_to_come_again(
    worker: Worker, client: OpenAI, monkeypatch: pytest.MonkeyPatch, eta_seconds: float, retry_after: str
) -> None:
    def start() -> None:
        worker.house.arrivals.take_in(source_key(worker.recordings[0]))
        held = worker.house.jobs.claim(worker.jobs[0].id, by="test", lease=timedelta(seconds=30))
        worker.house.jobs.report(held, stage="transcribing", progress=0.5, eta_seconds=eta_seconds)

    monkeypatch.setattr(worker, "work", start)

    with pytest.raises(openai.InternalServerError) as late:
        transcribe(client)

    assert late.value.response.headers["retry-after"] == retry_after


def test_the_clients_own_retry_joins_the_work_and_gets_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(at=40)
    client = official(worker.house, worker.house.a_known_user(), max_retries=2)
    slept: list[float] = []
    monkeypatch.setattr("openai._base_client.time.sleep", slept.append)

    answer = transcribe(client)

    assert answer.text == "Send the invoice to Anna. Sure."
    assert slept == [2]
    assert len(worker.recordings) == 1


def test_the_same_file_in_another_format_is_not_transcribed_again(worker: Worker, client: OpenAI) -> None:
    for form in ("json", "srt", "verbose_json"):
        transcribe(client, response_format=form)

    assert len(worker.recordings) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"language": "en"},
        {"prompt": "Анна"},
        {"model": "tiny"},
        {"file": ("встреча.wav", WAV + b"\x00", "audio/wav")},
        {"file": ("other.wav", WAV, "audio/wav")},
    ],
)
def test_another_request_is_other_work(worker: Worker, client: OpenAI, changes: dict[str, Any]) -> None:
    transcribe(client)
    worker.at = len(worker.pauses) + 1

    transcribe(client, **changes)

    assert len(worker.recordings) == 2


def test_somebody_elses_same_request_is_other_work(worker: Worker, client: OpenAI, house: House) -> None:
    transcribe(client)
    worker.at = len(worker.pauses) + 1

    transcribe(official(house, house.a_known_user()))

    assert len({recording.owner_id for recording in worker.recordings}) == 2


@pytest.mark.parametrize(("code", "param"), [("not-media", "file"), ("cannot-translate", "model")])
def test_a_failure_by_the_requests_own_fault_is_a_bad_request(
    worker: Worker, client: OpenAI, code: str, param: str
) -> None:
    worker.failure = Failure(code, "It cannot be done.")

    with pytest.raises(openai.BadRequestError, match="cannot be done") as refused:
        transcribe(client)

    assert (refused.value.code, refused.value.param) == (code.replace("-", "_"), param)


def test_what_failed_here_is_said_once_and_not_tried_again_by_the_client(worker: Worker, house: House) -> None:
    worker.failure = Failure("attempts-exhausted", "The job was tried several times.")

    with pytest.raises(openai.InternalServerError, match="several times"):
        transcribe(official(house, house.a_known_user(), max_retries=2))

    assert len(worker.recordings) == 1


def fail(worker: Worker) -> None:
    worker.failure = Failure("timed-out", "It took too long.")
    worker.work()
    worker.failure = None


def cancel(worker: Worker) -> None:
    worker.house.arrivals.take_in(source_key(worker.recordings[0]))
    worker.house.jobs.cancel(worker.jobs[0])


def delete(worker: Worker) -> None:
    [recording] = worker.recordings
    worker.house.media.remove(source_key(recording))
    worker.house.recordings.erase(recording)


@pytest.mark.parametrize("end", [fail, cancel, delete])
def test_a_request_that_came_to_nothing_starts_afresh_and_its_retries_join_that(end: Callable[[Worker], None]) -> None:
    worker = Worker(at=0)
    client = official(worker.house, worker.house.a_known_user())
    with pytest.raises(openai.InternalServerError):
        transcribe(client)
    end(worker)
    before = len(worker.recordings)
    worker.at = len(worker.pauses) + 1

    answers = [transcribe(client), transcribe(client)]

    assert [answer.text for answer in answers] == ["Send the invoice to Anna. Sure."] * 2
    assert len(worker.recordings) == before + 1


def test_a_transcription_that_is_cancelled_meanwhile_is_over_for_who_waits(
    worker: Worker, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "work", lambda: cancel(worker))

    with pytest.raises(openai.BadRequestError, match="cancelled"):
        transcribe(client)


def test_a_request_that_died_before_its_bytes_were_there_is_completed_by_its_retry(
    worker: Worker, client: OpenAI, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(house.media, "write", break_down)
        with capture_logs(), pytest.raises(openai.InternalServerError):
            transcribe(client)

    assert transcribe(client).text == "Send the invoice to Anna. Sure."
    assert len(worker.recordings) == 1
