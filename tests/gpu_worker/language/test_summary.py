from gpu_worker.language.chat import ChatSummariser
from gpu_worker.language.extractive import ExtractiveSummariser
from gpu_worker.language.summary import choose_summariser


def test_without_a_key_summaries_are_made_offline() -> None:
    assert isinstance(choose_summariser(), ExtractiveSummariser)
    assert isinstance(choose_summariser(api_key=" \n"), ExtractiveSummariser)


def test_with_a_key_a_language_model_is_asked() -> None:
    assert isinstance(choose_summariser(api_key="sk-1\n"), ChatSummariser)
