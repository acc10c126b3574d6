"""Summaries by a language model, of which only that is believed which the transcript bears out."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from functions.core.jobs.options import SummariseOptions
from functions.core.jobs.results import Answer, Segment, Statement, Summary, Transcript
from gpu_worker.language import prompts
from gpu_worker.language.answers import Draft, distinct, in_time, read_answer
from gpu_worker.language.brief import Brief, brief_for
from gpu_worker.language.evidence import Evidence
from gpu_worker.language.extractive import ExtractiveSummariser, bullets_for
from gpu_worker.language.failures import SummaryMisconfigured, SummaryUnavailable
from gpu_worker.language.model import LanguageModel, Message, TextTooLong
from gpu_worker.language.parts import coverage, length, split, spoken
from gpu_worker.language.tongues import named

# About three hours of speech, or 60 000 tokens: one pass for nearly everything, and far from the limits of models.
PART_CHARACTERS: Final = 160_000
DEGRADED: Final = (
    "The language model gave no answer that the transcript bears out. This summary was made offline instead: "
    "it consists of sentences from the recording."
)
UNJOINED: Final = (
    "The parts of this recording were summarised one by one; the language model did not join them into one."
)

# Below this a model that cannot cope would cope with nothing.
_LEAST_CHARACTERS: Final = 2_000
# The share of the progress that reading takes; the rest is joining the parts.
_READING: Final = 0.9


class _Unusable(Exception):
    """Answers came, and nothing in them stood up."""


_Failure = SummaryUnavailable | SummaryMisconfigured | TextTooLong | _Unusable


@dataclass(slots=True)
class _Reading:
    """Which stretches were read, and why the others were not."""

    drafts: list[Draft] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    missed: list[tuple[Segment, ...]] = field(default_factory=list)
    failures: list[_Failure] = field(default_factory=list)

    def miss(self, part: tuple[Segment, ...], failure: _Failure) -> None:
        """A stretch stays unread."""
        self.missed.append(part)
        self.failures.append(failure)


class ChatSummariser:
    """Asks a language model, part by part if need be, and checks every sentence of the answer."""

    def __init__(self, model: LanguageModel, *, part_characters: int = PART_CHARACTERS) -> None:
        self._model = model
        self._part_characters = part_characters

    @property
    def engine(self) -> str:
        """Its name, as in the summaries that it makes."""
        return f"chat:{self._model.model}"

    def summarise(
        self, transcript: Transcript, options: SummariseOptions, *, on_progress: Callable[[float], None]
    ) -> Summary:
        """Summarise; a model that answers nonsense is replaced by the offline engine, and the summary says so.

        Raises:
            SummaryUnavailable: the model could not be asked for a single part; later it may.
            SummaryMisconfigured: the model refuses us, and will go on to.
        """
        segments = spoken(transcript)
        if not segments:
            return ExtractiveSummariser().summarise(transcript, options, on_progress=on_progress)
        brief = brief_for(transcript, options)
        reading = self._read(segments, brief, on_progress)
        if not reading.drafts:
            return _offline(transcript, options, reading.failures, on_progress)
        evidence = _evidence(segments, brief)
        draft, joined = self._join(reading.drafts, evidence, brief)
        on_progress(1.0)
        overview = draft.overview or draft.bullets[:3]
        return Summary(
            text=" ".join(statement.text for statement in overview),
            bullets=draft.bullets,
            action_items=draft.action_items,
            coverage=coverage(transcript, reading.read),
            engine=self.engine,
            language=brief.language,
            template=brief.template,
            overview=overview,
            answers=_answers(draft, brief),
            unproven=draft.unproven,
            notes=(*_notes(reading, draft, joined=joined), *_notes_on_language(draft, brief, evidence)),
        )

    def _read(self, segments: Sequence[Segment], brief: Brief, on_progress: Callable[[float], None]) -> _Reading:
        reading = _Reading()
        waiting = deque(split(segments, self._part_characters))
        total = length(segments)
        while waiting:
            part = waiting.popleft()
            try:
                draft = self._summarise_part(part, brief)
            except TextTooLong as failure:
                halves = _smaller(part, failure.characters)
                waiting.extendleft(reversed(halves))
                if not halves:
                    reading.miss(part, failure)
            except SummaryMisconfigured as failure:
                # It would refuse the other parts as well.
                for one in (part, *waiting):
                    reading.miss(one, failure)
                break
            except (SummaryUnavailable, _Unusable) as failure:
                reading.miss(part, failure)
            else:
                reading.drafts.append(draft)
                reading.read.extend(segment.id for segment in part)
            on_progress(_READING * (1 - sum(length(one) for one in waiting) / total))
        return reading

    def _summarise_part(self, part: Sequence[Segment], brief: Brief) -> Draft:
        question = prompts.ask_for_summary(part, brief, bullets=bullets_for(len(part)))
        # A part may cite its own segments only: it has seen no others.
        return self._ask(question, _evidence(part, brief), brief)

    def _ask(self, question: str, evidence: Evidence, brief: Brief) -> Draft:
        """One question and, if anything is wrong with the answer, one repair; the better answer counts."""
        messages: list[Message] = [
            {"role": "system", "content": prompts.SYSTEM},
            {"role": "user", "content": question},
        ]
        answer = self._model.ask(messages)
        first = read_answer(answer, evidence, brief)
        if not first.problems:
            return first
        said = [{"role": "assistant", "content": answer}] if answer.strip() else []
        repair = {"role": "user", "content": prompts.ask_for_repair(first.problems)}
        try:
            second = read_answer(self._model.ask([*messages, *said, repair]), evidence, brief)
        except (SummaryUnavailable, SummaryMisconfigured, TextTooLong):
            if not first.is_usable:
                raise
            return first
        best = max(
            second, first, key=lambda draft: (draft.is_usable, not draft.is_foreign, draft.worth, -draft.dropped)
        )
        if not best.is_usable:
            raise _Unusable
        return best

    def _join(self, drafts: list[Draft], evidence: Evidence, brief: Brief) -> tuple[Draft, bool]:
        """One draft out of many, in as many rounds as the budget asks for; and whether the model did it."""
        dropped = sum(draft.dropped for draft in drafts)
        while len(drafts) > 1:
            groups = _groups(drafts, self._part_characters)
            try:
                joined = [group[0] if len(group) == 1 else self._join_group(group, evidence, brief) for group in groups]
            except (SummaryUnavailable, SummaryMisconfigured, TextTooLong, _Unusable):
                return replace(_side_by_side(drafts), dropped=dropped), False
            dropped += sum(draft.dropped for group, draft in zip(groups, joined, strict=True) if len(group) > 1)
            if len(joined) == len(drafts):
                return replace(_side_by_side(drafts), dropped=dropped), False
            drafts = joined
        return replace(drafts[0], dropped=dropped), True

    def _join_group(self, group: Sequence[Draft], evidence: Evidence, brief: Brief) -> Draft:
        bullets = min(12, max(len(draft.bullets) for draft in group) + len(group))
        joined = self._ask(prompts.ask_for_one_summary(group, brief, bullets=bullets), evidence, brief)
        apart = _side_by_side(group)
        return replace(
            joined,
            # What a part has answered with evidence stays answered, also if the model forgets it here.
            answers=apart.answers | joined.answers,
            unproven=distinct((*apart.unproven, *joined.unproven)),
        )


def _evidence(segments: Sequence[Segment], brief: Brief) -> Evidence:
    return Evidence(segments, brief.spoken, written_in=brief.language)


def _smaller(part: tuple[Segment, ...], characters: int | None) -> list[tuple[Segment, ...]]:
    """The part cut to what the model can take, or in two; nothing where that is no way out."""
    budget = max(_LEAST_CHARACTERS, min(characters or length(part), length(part) // 2))
    pieces = split(part, budget)
    return pieces if len(pieces) > 1 else []


def _groups(drafts: Sequence[Draft], characters: int) -> list[list[Draft]]:
    groups: list[list[Draft]] = [[]]
    room = characters
    for draft in drafts:
        said = (*draft.overview, *draft.bullets, *draft.action_items, *draft.answers.values())
        size = sum(len(one.text) for one in said)
        if groups[-1] and size > room:
            groups.append([])
            room = characters
        groups[-1].append(draft)
        room -= size
    return groups


def _side_by_side(drafts: Sequence[Draft]) -> Draft:
    def all_of(statements: Callable[[Draft], tuple[Statement, ...]]) -> tuple[Statement, ...]:
        return tuple(statement for draft in drafts for statement in statements(draft))

    answers: dict[int, Statement] = {}
    for draft in drafts:
        for at, answer in draft.answers.items():
            answers[at] = _after(answers[at], answer) if at in answers else answer
    return Draft(
        overview=all_of(lambda draft: draft.overview),
        bullets=in_time(all_of(lambda draft: draft.bullets)),
        action_items=in_time(all_of(lambda draft: draft.action_items)),
        answers=answers,
        unproven=distinct(one for draft in drafts for one in draft.unproven),
        is_foreign=any(draft.is_foreign for draft in drafts),
    )


def _after(one: Statement, other: Statement) -> Statement:
    return Statement(text=f"{one.text} {other.text}", segments=tuple(sorted({*one.segments, *other.segments})))


def _answers(draft: Draft, brief: Brief) -> tuple[Answer, ...]:
    return tuple(
        Answer(question=question, answer=draft.answers[at].text, segments=draft.answers[at].segments)
        if at in draft.answers
        else Answer(question=question, answer=None)
        for at, question in enumerate(brief.questions)
    )


def _offline(
    transcript: Transcript,
    options: SummariseOptions,
    failures: Sequence[_Failure],
    on_progress: Callable[[float], None],
) -> Summary:
    """No part was read: the caller's business if the model cannot be asked, ours if it talks nonsense."""
    for kind in (SummaryMisconfigured, SummaryUnavailable):
        for failure in failures:
            if isinstance(failure, kind):
                raise failure
    summary = ExtractiveSummariser().summarise(transcript, options, on_progress=on_progress)
    return replace(summary, notes=(DEGRADED, *summary.notes))


def _notes(reading: _Reading, draft: Draft, *, joined: bool) -> Iterator[str]:
    for part in reading.missed:
        yield (
            f"From {_clock(part[0].start)} to {_clock(part[-1].end)} the language model gave no usable answer: "
            "that stretch is not in this summary."
        )
    if not joined:
        yield UNJOINED
    if draft.dropped:
        sentences = "One sentence was" if draft.dropped == 1 else f"{draft.dropped} sentences were"
        yield f"{sentences} left out: the transcript does not bear out what the language model wrote."


def _notes_on_language(draft: Draft, brief: Brief, evidence: Evidence) -> Iterator[str]:
    if draft.is_foreign:
        yield f"This summary was asked for in {named(brief.language)}; the language model wrote in another language."
    if brief.is_translated:
        compared = "figures and names" if evidence.compares_names else "figures"
        yield (
            f"The recording is in {named(brief.spoken)} and this summary was asked for in {named(brief.language)}: "
            f"only {compared} could be compared with what was said, not the other words."
        )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
