import shutil
from dataclasses import replace
from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from gpu_worker.speech import spoken_language
from gpu_worker.speech.audio import SAMPLE_RATE
from gpu_worker.speech.encodings import Encodings
from gpu_worker.speech.excerpt import Excerpt, Language, Manner, excerpt_of
from gpu_worker.speech.models import DEMO_FOLDER, ModelUnavailable, SpeechModel, demo_model
from gpu_worker.speech.whisper import HeardWindow, SpeechEngine
from gpu_worker.speech.windows import Window
from tests.gpu_worker.speech.scripted import Said, ScriptedEngine
from tests.speech_synthesis import conversation, say, silence

ENGLISH = ("Please call Anna tomorrow.",)
RUSSIAN = ("Нужно проверить договор завтра.",)
EN = Language(code="en", probability=1.0)
RU = Language(code="ru", probability=1.0)
QUICK = Manner(beam_size=1, with_words=False)


def window(sentences: tuple[str, ...], voice: str = "en-us", start: float = 0.0) -> Window:
    sound = conversation(sentences, voice, gap=0.3)
    end = start + len(sound) / SAMPLE_RATE - 0.3
    return Window(start, np.concatenate([sound, silence(3.4)])[: max(len(sound), 54_400)], ((start + 0.3, end),))


def spoken(
    sentences: tuple[str, ...], voice: str = "en-us", *, start: float = 0.0, language: Language | None = EN
) -> Excerpt:
    return replace(excerpt_of(window(sentences, voice, start), demo_model()), language=language, is_certain=True)


def quiet(seconds: float = 2.0, *, start: float = 0.0, speech: float | None = None) -> Excerpt:
    sound = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    whole = Window(start, sound, ((start, start + (seconds if speech is None else speech)),))
    return replace(excerpt_of(whole, demo_model()), language=EN, is_certain=True)


def texts(heard: HeardWindow) -> list[str]:
    return [segment.text for segment in heard.segments]


def said_by(engine: ScriptedEngine, excerpt: Excerpt | None = None, manner: Manner = Manner()) -> list[str]:
    (heard,) = engine.hear([excerpt or quiet()], manner)
    return texts(heard)


def test_the_language_is_that_of_the_majority_of_the_first_windows(engine: SpeechEngine) -> None:
    first = [spoken(ENGLISH), spoken(RUSSIAN, "ru", start=10), spoken(RUSSIAN, "ru", start=20)]
    listened = [engine.listen([excerpt])[0] for excerpt in first]
    language = spoken_language.majority([one.chances for one in listened])
    assert language.code == "ru"
    assert 0 < language.probability < 0.7  # two of three


def test_a_language_that_was_given_is_not_questioned(engine: SpeechEngine) -> None:
    (heard,) = engine.hear([spoken(RUSSIAN, "ru", language=EN)], QUICK)
    assert heard.language == EN


def test_a_window_that_is_clearly_in_another_language_is_read_in_that(engine: SpeechEngine) -> None:
    sentences = (*RUSSIAN, "Встреча в пять.")
    excerpt = replace(spoken(sentences, "ru", language=EN), is_certain=False)
    (heard,) = engine.hear([excerpt], QUICK)
    assert (heard.language.code, texts(heard)) == ("ru", list(sentences))


def test_words_have_times_in_the_recording(engine: SpeechEngine) -> None:
    (heard,) = engine.hear([spoken(ENGLISH, start=50.0)], Manner())
    (segment,) = heard.segments
    assert [word.word for word in segment.words] == ENGLISH[0].split()
    assert segment.start == pytest.approx(50.3, abs=0.15)
    assert segment.end == pytest.approx(50.3 + len(say(ENGLISH[0])) / SAMPLE_RATE, abs=0.15)
    assert (heard.start, heard.end) == (50.0, 53.4)
    assert all(word.probability > 0.8 for word in segment.words)


def test_without_words_segments_are_where_the_model_says(engine: SpeechEngine) -> None:
    both = ("Please call Anna tomorrow.", "We agreed.")
    (heard,) = engine.hear([spoken(both, start=50.0)], QUICK)
    first, second = heard.segments
    assert texts(heard) == list(both)
    assert first.start == pytest.approx(50.3, abs=0.2)
    assert second.start == pytest.approx(50.6 + len(say(both[0])) / SAMPLE_RATE, abs=0.2)
    assert (first.words, second.words) == ((), ())


def test_what_comes_before_and_after_times_is_kept() -> None:
    engine = ScriptedEngine()
    tokens = (
        *engine.tokenizer.encode(" One."),
        engine.at(1),
        engine.at(2),
        *engine.tokenizer.encode(" Two."),
        engine.at(3),
        *engine.tokenizer.encode(" Three."),
    )
    engine.script.answers.append(Said(tokens=tokens))
    (heard,) = engine.hear([quiet(6)], QUICK)
    assert [(one.start, one.end, one.text) for one in heard.segments] == [
        (0, 1, "One."),
        (2, 3, "Two."),
        (3, 6, "Three."),
    ]


def test_the_same_sound_gives_the_same_words_again(engine: SpeechEngine) -> None:
    once, twice = (engine.hear([spoken(ENGLISH)], Manner()) for _ in range(2))
    assert once == twice


SENTENCES = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
    "The team rejected the offer on Wednesday.",
    "Remind Maria about the meeting.",
    "The delivery is in October.",
    "We agreed.",
    "They will change the plan in September.",
)


@pytest.fixture(scope="module")
def eight() -> list[Excerpt]:
    """Sentences of one room, so that they may share a batch."""
    return [
        replace(spoken((sentence,), "en-us+f2" if number % 3 else "en-us", start=10.0 * number), is_certain=number > 3)
        for number, sentence in enumerate(SENTENCES)
    ]


@pytest.mark.parametrize("manner", [Manner(), QUICK], ids=["careful", "quick"])
def test_what_else_is_in_a_batch_changes_nothing(manner: Manner, engine: SpeechEngine, eight: list[Excerpt]) -> None:
    alone = [engine.hear([excerpt], manner)[0] for excerpt in eight]
    assert engine.hear(eight, manner) == alone
    assert engine.hear(eight[::-1], manner) == alone[::-1]
    assert engine.hear(eight[3:6], manner) == alone[3:6]


def test_a_batch_may_hold_two_languages(engine: SpeechEngine) -> None:
    mixed = [
        spoken(sentences, voice, language=language)
        for sentences, voice, language in ((ENGLISH, "en-us", EN), (RUSSIAN, "ru", RU), (("We agreed.",), "en-us", EN))
    ]
    assert [texts(heard) for heard in engine.hear(mixed, Manner())] == [list(ENGLISH), list(RUSSIAN), ["We agreed."]]


def test_what_was_encoded_before_is_not_encoded_again_and_gives_the_same(engine: SpeechEngine) -> None:
    excerpt = spoken(ENGLISH)
    (listened,) = engine.listen([excerpt])
    assert engine.hear([replace(excerpt, encoded=listened.encoded)], Manner()) == engine.hear([excerpt], Manner())

    scripted = ScriptedEngine(Said())
    said_by(scripted, replace(excerpt, encoded=listened.encoded))
    assert scripted.script.rooms == []


def test_encoding_all_at_once_is_encoding_one_by_one(engine: SpeechEngine, eight: list[Excerpt]) -> None:
    together, alone = (Encodings(engine._whisper.model, eight[:3], on_gpu=on_gpu) for on_gpu in (True, False))
    for first, second in zip(together.rows, alone.rows, strict=True):
        np.testing.assert_allclose(first, second, atol=0.02)
    np.testing.assert_array_equal(np.array(alone.view([2]))[0], alone.rows[2])
    np.testing.assert_array_equal(np.array(together.view([2]))[0], together.rows[2])


class InBfloat16:
    """A model as a GPU has it where it computes in bfloat16, which NumPy does not know."""

    def encode(self, features: ctranslate2.StorageView) -> ctranslate2.StorageView:
        return features.to(ctranslate2.DataType.bfloat16)


@pytest.mark.parametrize("on_gpu", [True, False])
def test_what_is_encoded_in_bfloat16_is_kept_in_32_bits(on_gpu: bool, eight: list[Excerpt]) -> None:
    encodings = Encodings(InBfloat16(), eight[:2], on_gpu=on_gpu)
    kept = [replace(excerpt, encoded=row) for excerpt, row in zip(eight, encodings.rows, strict=False)]
    for excerpt, row in zip(kept, encodings.rows, strict=True):
        assert row.dtype == np.float32
        np.testing.assert_allclose(row, excerpt.features, rtol=2**-8)
    again = Encodings(InBfloat16(), kept, on_gpu=on_gpu).view().to(ctranslate2.DataType.bfloat16)
    np.testing.assert_array_equal(np.array(again.to(ctranslate2.DataType.float32)), np.stack(encodings.rows))


def test_a_window_in_less_room_gives_the_text_of_a_whole_window(engine: SpeechEngine) -> None:
    voices = ("en-us", "en-us+f2", "en-gb-x-rp")
    same = 0
    sentences = SENTENCES[::2]
    for number, sentence in enumerate(sentences):
        found = []
        for whole in (False, True):
            excerpt = excerpt_of(window((sentence,), voices[number % 3]), demo_model(), whole_window=whole)
            (heard,) = engine.hear([replace(excerpt, language=EN, is_certain=True)], QUICK)
            found.append(texts(heard))
        same += found[0] == found[1]
    assert same >= len(sentences) - 1


def test_rooms_are_those_of_the_model() -> None:
    assert excerpt_of(Window(0, silence(2), ()), demo_model()).frames == 300
    assert excerpt_of(Window(0, silence(2), ()), demo_model(), whole_window=True).frames == 3000
    stock = SpeechModel(name="small", folder=DEMO_FOLDER, mels=128)
    assert excerpt_of(Window(0, silence(2), (), is_whole=True), stock).features.shape == (128, 1000)
    assert excerpt_of(Window(0, silence(2), ()), stock).features.shape == (128, 3000)


def test_vocabulary_and_prompt_come_before_the_text() -> None:
    engine = ScriptedEngine(Said())
    said_by(engine, manner=Manner(prompt="The meeting is ", vocabulary=("Anna", "Иван")))
    (prompt,) = engine.script.asked[0]["prompts"]
    assert prompt[0] == engine.tokenizer.sot_prev
    assert engine.tokenizer.decode(prompt[1 : prompt.index(engine.tokenizer.sot)]) == " Anna, Иван The meeting is"


def test_a_prompt_is_cut_to_fit_and_keeps_its_end_and_the_vocabulary() -> None:
    engine = ScriptedEngine(Said())
    manner = Manner(prompt="one " * 1000 + "finally Maria", vocabulary=("Anna", *["Подписать договор"] * 100))
    said_by(engine, manner=manner)
    (prompt,) = engine.script.asked[0]["prompts"]
    start = prompt.index(engine.tokenizer.sot)
    before = engine.tokenizer.decode(prompt[1:start])
    assert start == 224
    assert len(prompt) + 220 <= 448
    assert before.startswith(" Anna, Подписать")
    assert before.endswith(" one one finally Maria")


def test_a_text_that_a_long_prompt_leaves_no_room_for_counts_as_cut_off() -> None:
    room = 448 - (224 + 3)  # the demo model writes times, and so needs no token that forbids them
    engine = ScriptedEngine(Said(tokens=distinct_tokens(room)), Said())
    said_by(engine, quiet(3), manner=Manner(prompt="one " * 1000, with_words=False))
    assert len(engine.script.asked) == 2


def test_without_a_prompt_there_is_nothing_before_the_text() -> None:
    engine = ScriptedEngine(Said())
    said_by(engine, manner=Manner(task="translate"))
    (prompt,) = engine.script.asked[0]["prompts"]
    assert prompt == list(engine._tokenizer("en", "translate").sot_sequence)


def test_only_words_without_times_forbid_times() -> None:
    model = replace(demo_model(), writes_times=False)
    engine = ScriptedEngine(Said(), Said(), model=model)
    said_by(engine)
    said_by(engine, manner=QUICK)
    with_words, without = (asked["prompts"][0][-1] for asked in engine.script.asked)
    assert with_words == engine.tokenizer.no_timestamps
    assert without != engine.tokenizer.no_timestamps


def test_the_model_may_not_write_what_is_no_speech() -> None:
    engine = ScriptedEngine(Said())
    said_by(engine)
    suppressed = engine.script.asked[0]["suppress_tokens"]
    tokenizer = engine.tokenizer
    assert {tokenizer.sot, tokenizer.sot_prev, tokenizer.transcribe, tokenizer.translate} <= set(suppressed)
    assert set(tokenizer.encode("♪♪")) & set(suppressed) or set(tokenizer.encode("(")) <= set(suppressed)


def test_the_beam_is_as_wide_as_was_asked_for() -> None:
    engine = ScriptedEngine(Said(), Said())
    said_by(engine, manner=Manner(beam_size=3))
    said_by(engine, manner=QUICK)
    assert [asked["beam_size"] for asked in engine.script.asked] == [3, 1]


def test_text_made_up_over_silence_is_dropped() -> None:
    made_up = Said("The quick brown fox.", no_speech=0.9, likelihood=-1.5)
    assert said_by(ScriptedEngine(made_up, made_up)) == []


def test_sure_text_is_kept_though_the_model_doubts_that_it_is_speech() -> None:
    assert said_by(ScriptedEngine(Said(no_speech=0.9))) == ["We agreed."]


def test_unlikely_text_is_kept_where_there_is_speech() -> None:
    unlikely = Said("Ask Xaver.", likelihood=-1.5)
    assert said_by(ScriptedEngine(unlikely, unlikely)) == ["Ask Xaver."]


def test_empty_text_gives_no_segment_and_no_likelihood() -> None:
    (heard,) = ScriptedEngine(Said("")).hear([quiet()], Manner())
    assert (heard.segments, heard.likelihood) == ((), None)


def test_a_phantom_is_dropped_where_hardly_anybody_speaks_and_kept_where_somebody_does() -> None:
    thanks = Said("Thank you.")
    assert said_by(ScriptedEngine(thanks), quiet(2, speech=0.5)) == []
    assert said_by(ScriptedEngine(replace(thanks, no_speech=0.7))) == []
    assert said_by(ScriptedEngine(thanks), quiet(2)) == ["Thank you."]


def test_healthy_text_is_read_once() -> None:
    engine = ScriptedEngine(Said())
    assert said_by(engine) == ["We agreed."]
    assert len(engine.script.asked) == 1


@pytest.mark.parametrize(
    "doubtful",
    [
        Said("no no no no no no no no no"),
        Said("The meeting is on Monday. " * 6),
        Said("a quite believable sentence, but far longer than anybody could say it within the two seconds", -0.2),
        Said("We agree.", likelihood=-1.1),
    ],
    ids=["a loop", "a repeated sentence", "too many letters", "unlikely"],
)
def test_a_doubtful_window_is_read_again_alone_with_all_the_room(doubtful: Said) -> None:
    engine = ScriptedEngine(Said("First."), doubtful, Said("The second.", likelihood=-0.1))
    first, second = engine.hear([quiet(), quiet(start=10)], Manner(beam_size=1))
    assert (texts(first), texts(second)) == (["First."], ["The second."])
    assert engine.script.rooms == [300, 300, 3000]
    again = engine.script.asked[1]
    assert (again["beam_size"], again["no_repeat_ngram_size"]) == (5, 3)


def test_the_first_reading_stays_when_the_second_is_no_better() -> None:
    first = Said("We agree.", likelihood=-1.1)
    assert said_by(ScriptedEngine(first, Said("Wheat grief.", likelihood=-1.4))) == ["We agree."]
    assert said_by(ScriptedEngine(first, Said(""))) == ["We agree."]


def test_a_reading_that_does_not_repeat_itself_is_better_than_a_likely_loop() -> None:
    loop = Said("la la la la la la la la la", likelihood=-0.05)
    assert said_by(ScriptedEngine(loop, Said("La.", likelihood=-0.9))) == ["La."]


@pytest.mark.parametrize("manner", [Manner(), QUICK], ids=["words", "no words"])
def test_a_loop_that_stays_is_cut_after_its_first_phrase(manner: Manner) -> None:
    loop = Said("We agreed. No" + ", no" * 20)
    text = " ".join(said_by(ScriptedEngine(loop, loop), manner=manner))
    assert text.startswith("We agreed. No")
    assert text.lower().count("no") <= 2


def test_a_loop_is_seen_through_the_times_between_its_phrases() -> None:
    engine = ScriptedEngine()
    tokens: list[int] = []
    for number in range(8):
        tokens += [engine.at(number * 0.2), *engine.tokenizer.encode(" No."), engine.at(number * 0.2 + 0.2)]
    loop = Said(tokens=tuple(tokens))
    engine.script.answers += [loop, loop]
    assert said_by(engine, manner=QUICK) == ["No."]


def distinct_tokens(count: int, first: int = 0) -> tuple[int, ...]:
    """So much text that it fits into no window, without a loop."""
    engine = ScriptedEngine()
    digits = engine.tokenizer.encode("".join(chr(0x4E00 + 7 * (first + number)) for number in range(count)))
    return tuple(digits[:count])


@pytest.mark.parametrize("manner", [Manner(), QUICK], ids=["words", "no words"])
def test_a_window_with_more_text_than_fits_is_heard_in_halves(manner: Manner) -> None:
    full = Said(tokens=distinct_tokens(224))
    parts = (Said("The first half. It ends."), Said("The second half."))
    engine = ScriptedEngine(full, full, *parts)
    (heard,) = engine.hear([quiet(30, start=100)], manner)
    assert " ".join(texts(heard)) == "The first half. It ends. The second half."
    assert (heard.start, heard.end) == (100, 130)
    assert heard.segments[-1].start >= 115 >= heard.segments[0].end
    assert [segment.id for segment in heard.segments] == list(range(len(heard.segments)))


def test_halves_that_are_still_too_full_are_halved_again_and_nothing_is_lost() -> None:
    full = Said(tokens=distinct_tokens(224))
    engine = ScriptedEngine(full, full, full, Said("Third."), full, Said("First."), Said("Second."))
    (heard,) = engine.hear([quiet(20)], Manner())
    assert texts(heard) == ["First.", "Second.", "Third."]
    assert engine.script.answers == []


def test_a_window_that_was_heard_in_halves_ends_where_it_ends() -> None:
    full = Said(tokens=distinct_tokens(224))
    for samples in (80_001, 100_003, 479_999):
        whole = Window(1234.0625, np.zeros(samples, np.float32), ((1234.0625, 1234.0625 + samples / SAMPLE_RATE),))
        excerpt = replace(excerpt_of(whole, demo_model(), whole_window=True), language=EN, is_certain=True)
        (heard,) = ScriptedEngine(full, full, Said(), Said()).hear([excerpt], QUICK)
        assert (heard.start, heard.end) == (whole.start, whole.end)


def test_what_fits_into_no_half_stays_as_far_as_it_was_heard() -> None:
    full = Said(tokens=distinct_tokens(224))
    engine = ScriptedEngine(full, full)
    assert "".join(said_by(engine, quiet(3)))


def test_one_full_window_does_not_disturb_the_others() -> None:
    full = Said(tokens=distinct_tokens(224))
    engine = ScriptedEngine(Said("One."), full, Said("Two."), full, Said("Left."), Said("Right."))
    windows = [quiet(4.5), quiet(4.5, start=10), quiet(4.5, start=20)]
    assert [texts(heard) for heard in engine.hear(windows, Manner())] == [["One."], ["Left.", "Right."], ["Two."]]


def test_a_broken_model_is_an_error_in_plain_words(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(DEMO_FOLDER, folder)
    (folder / "model.bin").write_bytes(b"not a model")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        SpeechEngine(replace(demo_model(), folder=folder), device="cpu")


def test_the_engine_says_what_it_runs_on(engine: SpeechEngine) -> None:
    assert (engine.device, engine.compute_type) == ("cpu", "int8")
    assert engine.languages == {"en", "ru"}
