import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    TokenRetrievalError,
)
from botocore.stub import Stubber

from functions.core import aws
from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Transcript
from gpu_worker.language.bedrock import BedrockModel
from gpu_worker.language.chat import ChatSummariser
from gpu_worker.language.failures import SummaryMisconfigured, SummaryUnavailable
from gpu_worker.language.model import TextTooLong

NOVA = "eu.amazon.nova-lite-v1:0"
PROFILE = f"arn:aws:bedrock:eu-central-1:123456789012:inference-profile/{NOVA}"
ASKED = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "Summarise."}]
LAUNCH = {"text": "The launch moves to March 17th.", "segments": [0]}
TURNED_DOWN = "The model returned the following errors: `temperature` is not supported by this model."


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def wire(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def bedrock(client: Any, waits: list[float]) -> BedrockModel:
    return BedrockModel(model_id=NOVA, client=client, wait=waits.append)


def answer(*blocks: dict[str, Any], reason: str = "end_turn") -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": reason,
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
        "metrics": {"latencyMs": 1},
    }


def question(*turns: tuple[str, list[str]], temperature: bool = True) -> dict[str, Any]:
    return {
        "modelId": NOVA,
        "system": [{"text": "Rules."}],
        "messages": [{"role": role, "content": [{"text": text} for text in said]} for role, said in turns],
        "inferenceConfig": {"temperature": 0.0} if temperature else {},
    }


def refuse(wire: Stubber, code: str, message: str = "no", status: int = 400) -> None:
    wire.add_client_error("converse", code, message, status)


def test_a_question_goes_out_as_converse_wants_it(wire: Stubber, bedrock: BedrockModel) -> None:
    wire.add_response("converse", answer({"text": "{}"}), question(("user", ["Summarise."])))
    assert bedrock.ask(ASKED) == "{}"


def test_what_one_says_in_a_row_is_one_turn(wire: Stubber, bedrock: BedrockModel) -> None:
    wire.add_response("converse", answer({"text": "{}"}), question(("user", ["Summarise.", "Again."])))
    bedrock.ask([*ASKED, {"role": "user", "content": "Again."}])


def test_thoughts_are_no_part_of_the_answer(wire: Stubber, bedrock: BedrockModel) -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    wire.add_response("converse", answer(thought, {"text": '{"a'}, {"text": '": 1}'}))
    assert bedrock.ask(ASKED) == '{"a": 1}'


def test_a_model_without_a_temperature_is_asked_without(wire: Stubber, bedrock: BedrockModel) -> None:
    refuse(wire, "ValidationException", TURNED_DOWN)
    wire.add_response("converse", answer({"text": "{}"}), question(("user", ["Summarise."]), temperature=False))
    assert bedrock.ask(ASKED) == "{}"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 429),
        ("ServiceUnavailableException", 503),
        ("ModelNotReadyException", 429),
        ("ModelTimeoutException", 408),
        ("ModelErrorException", 424),
        ("InternalServerException", 500),
        ("SomethingNew", 502),
    ],
)
def test_a_busy_bedrock_is_asked_again_and_then_unavailable(
    wire: Stubber, bedrock: BedrockModel, waits: list[float], code: str, status: int
) -> None:
    for _ in range(3):
        refuse(wire, code, status=status)
    with pytest.raises(SummaryUnavailable, match=code):
        bedrock.ask(ASKED)
    assert waits == [1.0, 5.0]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", "does not let our role"),
        ("ResourceNotFoundException", "no such model"),
        ("ValidationException", "refuses our question"),
        ("UnrecognizedClientException", "refuses our question"),
    ],
)
def test_a_refusal_is_a_matter_of_settings_and_is_not_repeated(
    wire: Stubber, bedrock: BedrockModel, waits: list[float], code: str, reason: str
) -> None:
    refuse(wire, code)
    with pytest.raises(SummaryMisconfigured, match=reason):
        bedrock.ask(ASKED)
    assert waits == []


@pytest.mark.parametrize(
    "message",
    [
        "Input is too long for requested model.",
        "The model returned the following errors: prompt is too long: 227255 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000",
        "This model's maximum context length is 202752 tokens.",
        "Too many input tokens. Max input tokens: 128000, request input token count: 140000",
        "The model returned the following errors: too many total text bytes: 30000000 > 25000000",
    ],
)
def test_a_question_too_long_is_told_from_a_wrong_one(wire: Stubber, bedrock: BedrockModel, message: str) -> None:
    refuse(wire, "ValidationException", message)
    with pytest.raises(TextTooLong):
        bedrock.ask(ASKED)


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
def test_an_answer_cut_off_means_too_long(wire: Stubber, bedrock: BedrockModel, reason: str) -> None:
    wire.add_response("converse", answer({"text": '{"bullets": ['}, reason=reason))
    with pytest.raises(TextTooLong):
        bedrock.ask(ASKED)


@pytest.mark.parametrize("reason", ["guardrail_intervened", "content_filtered", "malformed_model_output"])
def test_a_filters_own_words_are_no_answer(wire: Stubber, bedrock: BedrockModel, reason: str) -> None:
    wire.add_response("converse", answer({"text": "Sorry, I can't."}, reason=reason))
    assert bedrock.ask(ASKED) == ""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ReadTimeoutError(endpoint_url="https://b"), SummaryUnavailable),
        (ConnectTimeoutError(endpoint_url="https://b"), SummaryUnavailable),
        (EndpointConnectionError(endpoint_url="https://b"), SummaryUnavailable),
        (TokenRetrievalError(provider="sso", error_msg="gone"), SummaryUnavailable),
        (NoCredentialsError(), SummaryMisconfigured),
    ],
)
def test_what_never_reached_bedrock_is_told_apart(
    client: Any, bedrock: BedrockModel, error: Exception, expected: type[Exception]
) -> None:
    def fail(**_: object) -> None:
        raise error

    client.meta.events.register("before-send.bedrock-runtime.Converse", fail)
    with pytest.raises(expected):
        bedrock.ask(ASKED)


def test_an_id_that_none_can_have_is_a_matter_of_settings(client: Any) -> None:
    with pytest.raises(SummaryMisconfigured, match="id of the model"):
        BedrockModel(model_id="", client=client).ask(ASKED)


def test_it_is_asked_in_the_region_named_and_given_time() -> None:
    aws.client.cache_clear()
    meta = BedrockModel.at("bedrock:eu-west-1", model=NOVA).client.meta
    assert (meta.region_name, meta.config.read_timeout) == ("eu-west-1", 180)


def test_the_account_in_an_arn_is_not_told(client: Any) -> None:
    assert BedrockModel(model_id=PROFILE, client=client).model == NOVA


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_what_bedrock_says_in_its_own_words_is_never_quoted(
    wire: Stubber, bedrock: BedrockModel, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3 if code == "ThrottlingException" else 1):
        refuse(wire, code, "arn:aws:iam::123456789012:role/secret said: Summarise.")
    with pytest.raises((SummaryMisconfigured, SummaryUnavailable)) as caught:
        bedrock.ask(ASKED)
    seen = f"{caught.value} {caught.value.facts} {caplog.text}"
    assert "secret" not in seen
    assert "Summarise" not in seen


def test_a_summary_comes_from_bedrock(
    wire: Stubber, bedrock: BedrockModel, spoken_by: Callable[..., Transcript]
) -> None:
    wire.add_response("converse", answer({"text": json.dumps({"bullets": [LAUNCH]})}))
    transcript = spoken_by(("Anna", "We decided to move the launch to March 17th."))
    summary = ChatSummariser(bedrock).summarise(transcript, SummariseOptions(), on_progress=lambda share: None)
    assert (summary.engine, summary.text) == (f"chat:{NOVA}", LAUNCH["text"])


def test_an_empty_answer_is_repaired_in_turns_that_alternate(
    wire: Stubber, bedrock: BedrockModel, spoken_by: Callable[..., Transcript]
) -> None:
    wire.add_response("converse", answer(reason="content_filtered"))
    wire.add_response("converse", answer({"text": json.dumps({"bullets": [LAUNCH]})}))
    transcript = spoken_by(("Anna", "We decided to move the launch to March 17th."))
    summary = ChatSummariser(bedrock).summarise(transcript, SummariseOptions(), on_progress=lambda share: None)
    assert summary.text == LAUNCH["text"]
