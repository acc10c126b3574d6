"""Whatever is sent to whatever operation, in whatever order, the answer is one that the document names."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import Bundle, initialize
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from functions.core.accounts.model import Role
from functions.core.errors import ParleyError
from functions.core.jobs.ascii_video import RESULT, AsciiVideo, File, ascii_video_to_json
from functions.core.jobs.followers import settle_followers
from functions.core.jobs.model import Job, Kind
from functions.core.jobs.queue import JobMessage
from functions.core.jobs.results import Statement, Summary, summary_to_json, transcript_to_json
from functions.core.recordings.media import result_key
from tests.builders import a_transcript
from tests.house import WAV, House

HOUSE = House()
NUMBERS = count(10_000_000)
TRANSCRIPT = a_transcript("Good morning, everybody.", "Доброе утро.")
SUMMARY = Summary(
    text="A greeting.",
    bullets=(Statement(text="They greet each other.", segments=(0, 1)),),
    action_items=(),
    coverage=1,
    engine="demo",
    language="en",
)
ASCII_VIDEO = AsciiVideo(
    frames=3,
    duration=0.1,
    columns=120,
    rows=34,
    width=1920,
    height=1080,
    style="normal",
    engine="direct",
    has_audio=False,
    files={File.VIDEO: 1000},
)
CHAINS = settings(
    max_examples=8,
    stateful_step_count=50,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TAKES_OPTIONS_TOO = r"^/v1/(batches|presets|presets/\{name\}|recordings)$"
"""Where options of jobs may be given besides POST /v1/jobs, which tries each of their limits."""

schema = schemathesis.openapi.from_asgi("/openapi.json", HOUSE.app)
# A cursor is signed, a file has content, a name is no number: what a schema can't say is refused with a 422.
schema.config.checks.positive_data_acceptance.enabled = False
# Keys and links go with the account or the recording that they belong to.
schema.config.checks.ensure_resource_availability.enabled = False
# Else most calls would show a made up API key beside the token.
schema.config.generation.with_security_parameters = False


def somebody() -> dict[str, str]:
    # An administrator may call everything; no earlier call has logged this one out.
    user = HOUSE.a_known_user(role=Role.ADMIN, unique_id=str(next(NUMBERS)))
    return {"Authorization": f"Bearer {HOUSE.token_of(user)}"}


def arrive() -> None:
    for key in [key for key in HOUSE.media.objects if key.endswith("/source")]:
        HOUSE.arrivals.take_in(key)


def work() -> None:
    for inbox in HOUSE.queues.inboxes.values():
        while delivery := inbox.receive(hidden_for=60):
            inbox.delete(delivery)
            # It may be cancelled or deleted.
            with suppress(ParleyError):
                do(HOUSE.jobs.claim(JobMessage.from_json(delivery.body).job_id, by="test", lease=timedelta(minutes=1)))


def do(job: Job) -> None:
    name, body = {
        Kind.SUMMARISE: ("summary.json", summary_to_json(SUMMARY)),
        Kind.TRANSCRIBE: ("transcript.json", transcript_to_json(TRANSCRIPT)),
        Kind.ASCII_VIDEO: (RESULT, ascii_video_to_json(ASCII_VIDEO)),
    }[job.kind]
    key = result_key(job.id, job.attempts, name)
    HOUSE.media.write(key, body, content_type="application/json")
    finished = HOUSE.jobs.finish(job, result_key=key, timings={})
    settle_followers(finished, jobs=HOUSE.jobs, recordings=HOUSE.recordings, queues=HOUSE.queues)


@schema.exclude(path_regex=TAKES_OPTIONS_TOO, method=["POST", "PUT"]).parametrize()
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_names(case: Case[Any]) -> None:
    case.call_and_validate(headers=somebody())


@schema.include(path_regex=TAKES_OPTIONS_TOO, method=["POST", "PUT"]).parametrize()
@settings(max_examples=20, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_every_answer_to_options_in_any_place_is_one_that_the_document_names(case: Case[Any]) -> None:
    case.call_and_validate(headers=somebody())


@schema.parametrize()
@settings(max_examples=2, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_an_operation_that_needs_a_credential_refuses_a_wrong_one(case: Case[Any]) -> None:
    if not case.operation.definition.raw.get("security"):
        return
    answer = case.call(headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code in {400, 401, 405, 422}


class Life(schema.as_state_machine()):  # type: ignore[misc]
    steps = 0
    wrong: list[BaseException] = []  # noqa: RUF012 - of all lives

    def setup(self) -> None:
        self.headers = somebody()

    @initialize(target=Bundle("catch_all"))
    def upload_a_recording(self) -> StepOutput:
        return self.begin("/v1/uploads", {"file": WAV}, "multipart/form-data")

    @initialize(target=Bundle("catch_all"))
    def announce_a_recording(self) -> StepOutput:
        return self.begin("/v1/recordings", {"filename": "a.wav", "size": len(WAV), "content_type": "audio/wav"})

    @initialize(target=Bundle("catch_all"))
    def make_a_webhook(self) -> StepOutput:
        return self.begin("/v1/webhooks", {"url": "https://example.com/parley"})

    def begin(self, path: str, body: dict[str, Any], media_type: str = "application/json") -> StepOutput:
        # Made up bodies alone seldom make the things that most of the links lead on from.
        case = schema[path]["POST"].Case(body=body, media_type=media_type)
        step = StepInput.initial(case)
        self.recorder.record_case(case=case)
        self.control.record_step(step, self.recorder)
        output: StepOutput = self.step(step)
        return output

    def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
        return {"headers": self.headers}

    def after_call(self, response: Response, case: Case[Any]) -> None:
        super().after_call(response, case)
        if response.status_code == 401 and case.operation.definition.raw.get("security"):
            self.headers = somebody()
        Life.steps += 1
        with self.noted():
            # Now and then, so that calls meet jobs that wait too.
            if Life.steps % 4 == 0:
                arrive()
                work()
            HOUSE.settle()

    def validate_response(self, response: Response, case: Case[Any], *args: Any, **kwargs: Any) -> None:
        with self.noted():
            super().validate_response(response, case, *args, **kwargs)

    @contextmanager
    def noted(self) -> Iterator[None]:
        # Raised it would end this life, and Hypothesis try to live it again; but ids are never the same.
        try:
            yield
        except (Exception, FailureGroup) as wrong:  # noqa: BLE001
            self.wrong.append(wrong)


def test_every_answer_of_a_chain_of_calls_is_one_that_the_document_names() -> None:
    while Life.steps < 250:
        with suppress(Flaky):
            Life.run(settings=CHAINS)
    if Life.wrong:
        raise BaseExceptionGroup("not as the document says", Life.wrong)
