import json
from pathlib import Path
from random import Random
from typing import Any

import faster_whisper.tokenizer
import pytest

from infra.demo_model.grammar import GRAMMARS
from infra.demo_model.tokenizer import LANGUAGES, Vocabulary, build_vocabulary

SHIPPED_MODEL = Path(__file__).parents[3] / "gpu_worker" / "speech" / "demo_model"


def shipped(name: str) -> Any:
    return json.loads((SHIPPED_MODEL / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return build_vocabulary()


@pytest.mark.parametrize("language", GRAMMARS)
def test_a_seed_gives_the_same_sentences_again(language: str) -> None:
    grammar = GRAMMARS[language]
    first, second = ([grammar.sentence(random) for _ in range(50)] for random in (Random(3), Random(3)))
    assert first == second
    assert len(set(first)) > 30


@pytest.mark.parametrize("language", GRAMMARS)
def test_sentences_have_no_open_slot_and_begin_large(language: str) -> None:
    random = Random(4)
    for _ in range(500):
        sentence = GRAMMARS[language].sentence(random)
        assert "{" not in sentence
        assert sentence[0].isupper()


@pytest.mark.parametrize("language", GRAMMARS)
def test_the_vocabulary_covers_every_sentence(language: str, vocabulary: Vocabulary) -> None:
    grammar, random = GRAMMARS[language], Random(5)
    words = set(grammar.words())
    for _ in range(500):
        for sentence in (grammar.sentence(random), grammar.salad(random)):
            assert {word.lower() for word in sentence.split()} <= words
            assert all(f" {word}" in vocabulary.row_of for word in sentence.split())


def test_the_shipped_model_says_the_words_of_the_grammar() -> None:
    said = shipped("parley.json")["vocabulary"]
    assert said == {language: grammar.words() for language, grammar in GRAMMARS.items()}


def test_the_shipped_models_tokens_are_made_from_the_grammar(vocabulary: Vocabulary) -> None:
    assert vocabulary.document == shipped("tokenizer.json")
    assert vocabulary.tokens == shipped("vocabulary.json")


def test_each_said_token_is_one_token_of_the_model(vocabulary: Vocabulary) -> None:
    assert len(set(vocabulary.row_ids)) == len(vocabulary.row_of)
    assert vocabulary.row_ids[vocabulary.first_time :] == list(range(len(vocabulary.tokens) - 1501, 2617))


def test_the_languages_are_those_that_faster_whisper_knows() -> None:
    assert set(LANGUAGES) == set(faster_whisper.tokenizer._LANGUAGE_CODES) - {"yue"}
    assert len(LANGUAGES) == 99
