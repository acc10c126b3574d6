import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.speech.excerpt import Excerpt, Language, Manner, excerpt_of
from gpu_worker.speech.listener import Answer, Listener
from gpu_worker.speech.loaded_models import LoadedModels
from gpu_worker.speech.models import ModelUnavailable, SpeechModel
from gpu_worker.speech.whisper import SpeechEngine
from gpu_worker.speech.windows import Window
from tests.speech_synthesis import SAMPLE_RATE, conversation, silence

HOUSE = SpeechModel(name="house", folder=Path("/models/house"))
OTHER = SpeechModel(name="other", folder=Path("/models/other"))
BROKEN = SpeechModel(name="broken", folder=Path("/models/broken"))
CAREFUL, FAST = Manner(), Manner(beam_size=1, with_words=False)
PATIENCE = 30.0


class Call:
    def __init__(self, model: SpeechModel, manner: Manner | None, excerpts: Sequence[Excerpt]) -> None:
        self.model = model
        self.manner = manner
        self.excerpts = excerpts

    @property
    def numbers(self) -> list[int]:
        return [number_of(excerpt) for excerpt in self.excerpts]


class Studio:
    """A listener whose engines answer with the excerpt's number, when a test lets them."""

    def __init__(self, *, rows: int = 4, most: int = 2) -> None:
        self.calls: list[Call] = []
        self.is_busy = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.unbearable: set[int] = set()
        self.forgets = 0
        self.listener = Listener(LoadedModels(self._load, most=most), HOUSE, rows=rows)

    def _load(self, model: SpeechModel) -> Any:
        if model == BROKEN:
            raise ModelUnavailable("The model 'broken' cannot be loaded.")
        return FakeEngine(model, self)

    def hear(self, number: int, *, owner: str = "anna", order: int = 0, **facts: Any) -> Future[Any]:
        """Ask for an excerpt that stands for a number."""
        model, manner = facts.pop("model", HOUSE), facts.pop("manner", CAREFUL)
        excerpt = an_excerpt(number, **facts)
        if manner is None:
            return self.listener.listen(excerpt, model=model, owner=owner, order=order)
        return self.listener.hear(excerpt, manner, model=model, owner=owner, order=order)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the engine at an excerpt of nobody's, so that all that is asked inside the block waits."""
        self.hear(-1, owner="nobody").result(PATIENCE)
        self.is_busy.clear()
        self.may_go_on.clear()
        plug = self.hear(-1, owner="nobody")
        assert self.is_busy.wait(PATIENCE)
        try:
            yield
        finally:
            self.may_go_on.set()
        wait([plug], timeout=PATIENCE)

    @property
    def batches(self) -> list[list[int]]:
        return [call.numbers for call in self.calls if call.numbers != [-1]]


class FakeEngine:
    def __init__(self, model: SpeechModel, studio: Studio) -> None:
        self.model = model
        self._studio = studio

    def listen(self, excerpts: Sequence[Excerpt]) -> list[int]:
        return self._answer(None, excerpts)

    def hear(self, excerpts: Sequence[Excerpt], manner: Manner) -> list[int]:
        return self._answer(manner, excerpts)

    def _answer(self, manner: Manner | None, excerpts: Sequence[Excerpt]) -> list[int]:
        call = Call(self.model, manner, excerpts)
        self._studio.calls.append(call)
        self._studio.is_busy.set()
        assert self._studio.may_go_on.wait(PATIENCE)
        if not self._studio.unbearable.isdisjoint(call.numbers):
            raise RuntimeError("out of memory")
        return call.numbers[: len(excerpts) - self._studio.forgets]


def an_excerpt(number: int, *, frames: int = 1000, is_encoded: bool = False) -> Excerpt:
    encoded = np.zeros((frames // 2, 4), np.float32) if is_encoded else None
    return Excerpt(
        window=Window(float(number), np.zeros(0, np.float32), ()),
        features=np.zeros((80, frames), np.float32),
        encoded=encoded,
    )


def number_of(excerpt: Excerpt) -> int:
    return int(excerpt.window.start)


def values(answers: Sequence[Future[Answer[Any]]]) -> list[int]:
    return [answer.result(PATIENCE).value for answer in answers]


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    studio.listener.start()
    yield studio
    studio.may_go_on.set()
    studio.listener.stop()


def test_everybody_gets_his_own_answer_and_its_share_of_the_time(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(6)]

    assert values(answers) == list(range(6))
    assert all(answer.result().seconds >= 0 for answer in answers)
    assert len({answer.result().seconds for answer in answers[:4]}) == 1


def test_what_waits_is_heard_together_but_not_more_than_there_are_rows(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(10)]
    values(answers)

    assert studio.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_of_a_small_model_all_that_waits_is_heard_at_once(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number, frames=3000) for number in range(5)]
    values(answers)

    assert studio.batches == [[0, 1, 2, 3], [4]]


def test_of_a_large_model_the_first_of_a_kind_is_heard_alone(studio: Studio, tmp_path: Path) -> None:
    with (tmp_path / "model.bin").open("wb") as file:
        file.truncate(300 * 1024**2)
    large = SpeechModel(name="large", folder=tmp_path)
    with studio.held():
        answers = [studio.hear(number, model=large) for number in range(5)]
    values(answers)

    assert studio.batches == [[0], [1, 2, 3, 4]]


def test_batches_that_would_take_too_long_are_smaller(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpu_worker.speech.listener._LONGEST_BATCH", 0.0)
    with studio.held():
        answers = [studio.hear(number) for number in range(3)]
    values(answers)

    assert studio.batches == [[0], [1], [2]]


kinds = st.fixed_dictionaries(
    {
        "model": st.sampled_from([HOUSE, OTHER]),
        "manner": st.sampled_from([None, CAREFUL, FAST, Manner(vocabulary=("Parley",)), Manner(prompt="Счёт.")]),
        "frames": st.sampled_from([1000, 3000]),
        "is_encoded": st.booleans(),
    }
)


@settings(max_examples=40)
@given(st.lists(st.tuples(kinds, st.sampled_from(["anna", "boris", "вера"]), st.integers(0, 2)), max_size=40))
def test_batches_hold_only_asks_of_one_kind_and_nothing_is_lost(asked: list[tuple[dict[str, Any], str, int]]) -> None:
    studio = Studio()
    studio.listener.start()
    try:
        with studio.held():
            answers = [
                studio.hear(number, owner=owner, order=order, **kind)
                for number, (kind, owner, order) in enumerate(asked)
            ]
        assert values(answers) == list(range(len(asked)))
    finally:
        studio.may_go_on.set()
        studio.listener.stop()

    assert sorted(number for batch in studio.batches for number in batch) == list(range(len(asked)))
    for call in studio.calls:
        assert len(call.excerpts) <= 4
        assert len({(excerpt.frames, excerpt.encoded is None) for excerpt in call.excerpts}) == 1
        for number in (number for number in call.numbers if number >= 0):
            kind = asked[number][0]
            assert (kind["model"], kind["manner"]) == (call.model, call.manner)


def test_who_asks_little_is_in_the_next_batch_however_much_others_ask(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(50)]
        answers.append(studio.hear(50, owner="boris"))
    values(answers)

    assert 50 in studio.batches[0]


def test_who_asks_for_another_kind_is_in_the_second_batch_at_the_latest(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(50)]
        answers.append(studio.hear(50, owner="boris", model=OTHER, frames=3000))
    values(answers)

    assert [50] in studio.batches[:2]


def test_two_who_ask_alike_share_the_batches(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(20)]
        answers += [studio.hear(number, owner="boris") for number in range(20, 40)]
    values(answers)

    for batch in studio.batches:
        assert sum(number < 20 for number in batch) == 2


def test_longer_excerpts_count_for_more(studio: Studio) -> None:
    with studio.held():
        long = [studio.hear(number, owner="anna", frames=3000) for number in range(6)]
        short = [studio.hear(number, owner="boris") for number in range(6, 24)]
    values(long + short)

    heard = [number for batch in studio.batches for number in batch]
    before_the_fifth = heard[: heard.index(4)]
    assert sum(number >= 6 for number in before_the_fifth) >= 8


def test_the_job_that_began_first_comes_first_among_an_owners_own(studio: Studio) -> None:
    with studio.held():
        later = [studio.hear(number, order=2) for number in range(4)]
        earlier = [studio.hear(number, order=1) for number in range(4, 8)]
    values(later + earlier)

    assert studio.batches == [[4, 5, 6, 7], [0, 1, 2, 3]]


def test_who_has_given_up_is_not_heard_and_others_take_the_row(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(6)]
        assert answers[1].cancel()
        assert answers[3].cancel()
    values([answers[number] for number in (0, 2, 4, 5)])

    assert studio.batches == [[0, 2, 4, 5]]


def test_where_all_have_given_up_the_thread_goes_on(studio: Studio) -> None:
    with studio.held():
        for answer in [studio.hear(number) for number in range(9)]:
            answer.cancel()

    assert values([studio.hear(9)]) == [9]
    assert studio.batches == [[9]]


def test_an_error_of_the_engine_reaches_everybody_in_the_batch_and_nobody_else(studio: Studio) -> None:
    with studio.held():
        first = [studio.hear(number) for number in range(4)]
        others = [studio.hear(number, model=OTHER, owner="boris") for number in range(4, 6)]
        studio.unbearable = {2}

    for answer in first:
        with pytest.raises(RuntimeError, match="out of memory"):
            answer.result(PATIENCE)
    assert values(others) == [4, 5]


def test_an_engine_that_forgets_an_answer_leaves_nobody_waiting(studio: Studio) -> None:
    with studio.held():
        answers = [studio.hear(number) for number in range(4)]
        studio.forgets = 1

    for answer in answers:
        with pytest.raises(ValueError, match="zip"):
            answer.result(PATIENCE)
    studio.forgets = 0
    assert values([studio.hear(5)]) == [5]


def test_a_model_that_cannot_be_loaded_is_an_error_of_its_askers_only(studio: Studio) -> None:
    with studio.held():
        broken = [studio.hear(number, model=BROKEN) for number in range(3)]
        sound = [studio.hear(number, owner="boris") for number in range(3, 6)]

    for answer in broken:
        with pytest.raises(ModelUnavailable, match="broken"):
            answer.result(PATIENCE)
    assert values(sound) == [3, 4, 5]
    assert values([studio.hear(6)]) == [6]


def test_the_house_model_is_loaded_at_the_start(studio: Studio) -> None:
    assert studio.listener.default == HOUSE
    assert studio.listener._models.names == ["house"]


def test_without_the_house_model_it_does_not_start() -> None:
    def fail(model: SpeechModel) -> SpeechEngine:
        raise ModelUnavailable(f"The model {model.name!r} cannot be loaded.")

    listener = Listener(LoadedModels(fail, most=1), HOUSE, rows=4)

    with pytest.raises(ModelUnavailable, match="house"):
        listener.start()

    listener.stop()


def test_who_never_started_can_be_stopped() -> None:
    Studio().listener.stop()


def test_stopping_finishes_the_batch_in_hand_and_wakes_whoever_waits_for_more() -> None:
    studio = Studio()
    studio.listener.start()
    studio.may_go_on.clear()
    in_hand = studio.hear(1)
    assert studio.is_busy.wait(PATIENCE)
    waiting = [studio.hear(number) for number in range(2, 5)]
    waiting[0].cancel()
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(not wait(waiting, timeout=PATIENCE).not_done))
    waiter.start()
    stopping = threading.Thread(target=studio.listener.stop)
    stopping.start()
    waiter.join()
    assert not in_hand.done()

    studio.may_go_on.set()
    stopping.join()

    assert woken == [True]
    assert values([in_hand]) == [1]
    for answer in waiting:
        with pytest.raises(CancelledError):
            answer.result(0)
    assert studio.batches == [[1]]
    with pytest.raises(CancelledError):
        studio.hear(6)


def test_how_long_the_batch_in_hand_takes_is_seen(studio: Studio) -> None:
    with studio.held():
        assert studio.listener.busy_seconds > 0
    values([studio.hear(1)])
    studio.listener.stop()

    assert studio.listener.busy_seconds == 0


class Forgetting(LoadedModels):
    """Lets go of whatever is not kept, and says so."""

    has_let_go = threading.Event()

    def let_idle_go(self, *, keep: SpeechModel) -> None:
        self._used_at = dict.fromkeys(self._used_at, -math.inf)
        super().let_idle_go(keep=keep)
        self.has_let_go.set()


def test_a_thread_that_rests_lets_idle_models_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpu_worker.speech.listener._LONGEST_REST", 0.001)
    studio = Studio()
    models = Forgetting(studio._load, most=2)
    listener = Listener(models, HOUSE, rows=4)
    listener.start()
    listener.hear(an_excerpt(1), CAREFUL, model=OTHER, owner="anna", order=0).result(PATIENCE)

    models.has_let_go.clear()
    assert models.has_let_go.wait(PATIENCE)
    listener.stop()

    assert models.names == ["house"]


def test_the_more_recordings_are_heard_the_less_each_may_have_waiting() -> None:
    listener = Studio(rows=8).listener
    with listener.guest():
        assert listener.room == 16
        with listener.guest(), listener.guest():
            assert listener.room == 5
            with pytest.raises(OSError, match="broke"), listener.guest():
                raise OSError("the recording broke")
            assert listener.room == 5
    with ExitStack() as crowd:
        for _ in range(50):
            crowd.enter_context(listener.guest())
        assert listener.room == 2


SPOKEN = (
    ("en-us", ("Send the invoice to Anna by Friday.",)),
    ("en-us+f2", ("The customer signed the contract yesterday.", "Please call David tomorrow.")),
    ("ru", ("Встреча во вторник в пять.",)),
    ("ru+f1", ("Нужно проверить договор завтра.", "Отправьте счёт Анне сегодня.")),
    ("en-gb-x-rp", ("The meeting is on Monday at five.", "The delivery is in October.")),
    ("en-us+m7", ("Our garden has roses, tulips and many small green birds singing.",)),
)


def spoken_excerpts(model: SpeechModel) -> list[Excerpt]:
    excerpts = []
    sounds = [conversation(sentences, voice, gap=0.3) for voice, sentences in SPOKEN]
    noise = np.random.default_rng(1).normal(0, 0.02, 3 * SAMPLE_RATE).astype(np.float32)
    sounds += [sounds[0][: SAMPLE_RATE // 2], sounds[2][: 3 * SAMPLE_RATE // 2], silence(2.0), noise]
    for number, sound in enumerate(sounds):
        start, seconds = 10.0 * number, len(sound) / SAMPLE_RATE
        window = Window(start, sound, ((start, start + seconds),))
        for code, is_certain in (("ru" if number in {2, 3, 7} else "en", True), ("en", False)):
            language = Language(code=code, probability=1.0)
            excerpts.append(replace(excerpt_of(window, model), language=language, is_certain=is_certain))
    return excerpts


@pytest.mark.parametrize("manner", [CAREFUL, FAST], ids=["careful", "fast"])
def test_what_is_heard_does_not_depend_on_who_shares_the_batch(
    manner: Manner, engine: SpeechEngine, listener: Listener
) -> None:
    excerpts = spoken_excerpts(engine.model)
    alone = [engine.hear([excerpt], manner)[0] for excerpt in excerpts]
    assert sum(bool(window.segments) for window in alone) > len(alone) / 2
    shuffled = np.random.default_rng(2)

    for _ in range(3):
        order = [int(place) for place in shuffled.permutation(len(excerpts))]
        answers = {
            place: listener.hear(
                excerpts[place], manner, model=engine.model, owner=f"owner {place % 3}", order=place % 2
            )
            for place in order
        }
        assert [answers[place].result(PATIENCE).value for place in range(len(excerpts))] == alone


def test_which_language_is_found_does_not_depend_on_who_shares_the_batch(
    engine: SpeechEngine, listener: Listener
) -> None:
    excerpts = spoken_excerpts(engine.model)
    alone = [engine.listen([excerpt])[0] for excerpt in excerpts]

    answers = [
        listener.listen(excerpt, model=engine.model, owner=f"owner {number % 3}", order=0)
        for number, excerpt in enumerate(excerpts)
    ]

    for answer, expected in zip(answers, alone, strict=True):
        found = answer.result(PATIENCE).value
        assert found.chances == expected.chances
        np.testing.assert_array_equal(found.encoded, expected.encoded)
