import pytest

from functions.core import aws
from gpu_worker.language.chat import ChatSummariser
from gpu_worker.language.extractive import ExtractiveSummariser
from gpu_worker.language.failures import SummaryMisconfigured
from gpu_worker.language.summary import choose_summariser


@pytest.fixture(autouse=True)
def _no_cached_clients() -> None:
    aws.client.cache_clear()


def test_without_a_key_summaries_are_made_offline() -> None:
    assert isinstance(choose_summariser(), ExtractiveSummariser)
    assert isinstance(choose_summariser(api_key=" \n"), ExtractiveSummariser)


def test_with_a_key_a_language_model_is_asked() -> None:
    assert isinstance(choose_summariser(api_key="sk-1\n"), ChatSummariser)


@pytest.mark.parametrize("base_url", ["bedrock", "bedrock:eu-west-1"])
def test_bedrock_is_asked_without_a_key(monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert choose_summariser(base_url=base_url, model="eu.amazon.nova-lite-v1:0").engine == (
        "chat:eu.amazon.nova-lite-v1:0"
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "bedrock"},
        {"base_url": "bedrock", "model": " "},
        {"base_url": "bedrock:", "model": "m"},
        {"base_url": "bedrock:moon", "model": "m"},
        {"base_url": "bedrock:eu-west-1.evil.example/", "model": "m"},
    ],
)
def test_bedrock_without_a_model_or_in_no_region_is_refused_at_once(settings: dict[str, str]) -> None:
    with pytest.raises(SummaryMisconfigured):
        choose_summariser(**settings)  # type: ignore[arg-type]


def test_bedrock_that_nobody_places_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SummaryMisconfigured, match="region"):
        choose_summariser(base_url="bedrock", model="eu.amazon.nova-lite-v1:0")
