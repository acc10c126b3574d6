"""From a model's JSON to what of it can be trusted."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from functions.core.jobs.results import Statement, Unproven
from gpu_worker.language.brief import Brief
from gpu_worker.language.evidence import Evidence, Unsupported
from gpu_worker.language.tongues import is_in_another_language, named

MOST_UNPROVEN: Final = 20

_LONGEST_TEXT: Final = 500
_LONGEST_ANSWER: Final = 1_500
_LONGEST_UNPROVEN: Final = 300
_MOST_PROBLEMS: Final = 40
_MOST: Final = {"overview": 6, "bullets": 15, "action_items": 30}
_OBJECT: Final = re.compile(r"\{.*\}", re.DOTALL)
_THOUGHT: Final = re.compile(r"<think>.*?</think>", re.DOTALL)
# What a reader does not see: controls, halves of characters, marks that turn the direction of writing, tags.
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKS: Final = re.compile(r"^(?:[-*•]\s+)+|\s*\[\d+(?:\s*[,;–-]\s*\d+)*\](?=\W*$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What remains of an answer. `problems` say in words for the model what did not; `dropped` counts sentences."""

    overview: tuple[Statement, ...] = ()
    bullets: tuple[Statement, ...] = ()
    action_items: tuple[Statement, ...] = ()
    answers: dict[int, Statement] = field(default_factory=dict)
    """By the place of the question."""
    unproven: tuple[Unproven, ...] = ()
    problems: tuple[str, ...] = ()
    dropped: int = 0
    is_foreign: bool = False
    """Whether it is in another language than it was asked for."""

    @property
    def is_usable(self) -> bool:
        """Whether this is a summary at all."""
        return bool(self.bullets)

    @property
    def worth(self) -> int:
        """How much of it stood up."""
        return len(self.overview) + len(self.bullets) + len(self.action_items) + len(self.answers)


def read_answer(answer: str, evidence: Evidence, brief: Brief) -> Draft:
    """Keep the sentences that the evidence bears out, and say what was wrong with the others."""
    if not answer.strip():
        return Draft(problems=("The answer was empty.",))
    body = _object(answer)
    if body is None:
        return Draft(problems=("The answer was not one JSON object.",))
    reading = _Reading(evidence)
    kept = {name: reading.statements(body.get(name), name)[:most] for name, most in _MOST.items()}
    answers = reading.answers(body.get("answers"), brief.questions) if brief.questions else {}
    if not kept["bullets"] and not reading.problems:
        reading.problems.append("There was not one bullet.")
    said = (statement.text for statements in (*kept.values(), answers.values()) for statement in statements)
    is_foreign = is_in_another_language(" ".join(said), brief.language)
    if is_foreign:
        reading.problems.insert(0, f"It was not written in {named(brief.language)}. Write every sentence in it.")
    return Draft(
        # The overview tells a story and keeps its order; lists are in order of time.
        overview=kept["overview"],
        bullets=in_time(kept["bullets"]),
        action_items=in_time(kept["action_items"]),
        answers=answers,
        unproven=distinct(reading.unproven),
        problems=tuple(reading.problems[:_MOST_PROBLEMS]),
        dropped=reading.dropped,
        is_foreign=is_foreign,
    )


def in_time(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The same statements in the order in which they came up."""
    return tuple(sorted(statements, key=lambda statement: statement.segments))


def distinct(unproven: Iterable[Unproven]) -> tuple[Unproven, ...]:
    """Each text once, and no more than anybody would read."""
    found: dict[str, Unproven] = {}
    for one in unproven:
        found.setdefault(one.text.casefold(), one)
    return tuple(found.values())[:MOST_UNPROVEN]


class _Reading:
    """Goes through an answer and collects what is wrong with it."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self.problems: list[str] = []
        self.unproven: list[Unproven] = []
        self.dropped = 0

    def statements(self, value: Any, name: str) -> tuple[Statement, ...]:
        """What stands up of a list of sentences, each once."""
        kept: dict[str, Statement] = {}
        for item in self._items(value, name):
            try:
                statement = _statement(item, self._evidence, longest=_LONGEST_TEXT)
            except Unsupported as reason:
                self._reject(item, name, str(reason))
            else:
                kept.setdefault(statement.text.casefold(), statement)
        return tuple(kept.values())

    def answers(self, value: Any, questions: tuple[str, ...]) -> dict[int, Statement]:
        """What stands up of the answers, and which questions were passed over."""
        kept: dict[int, Statement] = {}
        seen: set[int] = set()
        for item in self._items(value, "answers"):
            at = _place(item, questions)
            if at is None:
                self._reject(item, "answers", "it does not say which question it answers")
                continue
            seen.add(at)
            if item.get("text") is None:
                continue
            try:
                kept.setdefault(at, _statement(item, self._evidence, longest=_LONGEST_ANSWER))
            except Unsupported as reason:
                self._reject(item, "answers", str(reason), to=questions[at])
        missing = [at + 1 for at in range(len(questions)) if at not in seen]
        self.problems.extend(f'answers: question {number} has none, not even `"text": null`.' for number in missing)
        return kept

    def _items(self, value: Any, name: str) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value
        elif value is not None:
            self.problems.append(f"{name}: it was not a list.")

    def _reject(self, item: Any, name: str, reason: str, *, to: str | None = None) -> None:
        self.dropped += 1
        shown = _UNSEEN.sub("", json.dumps(item, ensure_ascii=False))[:_LONGEST_TEXT]
        self.problems.append(f"{name}: {shown}: {reason}.")
        text = _text(item)
        if text:
            whole = f"as an answer to “{to}”: {reason}" if to else reason
            self.unproven.append(Unproven(text=_short(text), reason=f"{whole[0].upper()}{whole[1:]}."))


def _object(answer: str) -> dict[str, Any] | None:
    found = _OBJECT.search(_THOUGHT.sub("", answer))
    try:
        body = json.loads(found[0]) if found else None
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _statement(item: Any, evidence: Evidence, *, longest: int) -> Statement:
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        raise Unsupported("it is not an object with a text")
    text = _text(item)
    if not text or len(text) > longest:
        raise Unsupported(f"its text is empty or longer than {longest} characters")
    cited = item.get("segments")
    if not isinstance(cited, list) or not all(isinstance(id_, int) and not isinstance(id_, bool) for id_ in cited):
        raise Unsupported("its segments are not a list of numbers")
    return evidence.statement(text, cited)


def _text(item: Any) -> str:
    text = item.get("text") if isinstance(item, dict) else item
    return _MARKS.sub("", " ".join(_UNSEEN.sub("", text).split())) if isinstance(text, str) else ""


def _place(item: Any, questions: tuple[str, ...]) -> int | None:
    number = item.get("question") if isinstance(item, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return number - 1 if 1 <= number <= len(questions) else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_UNPROVEN else f"{text[: _LONGEST_UNPROVEN - 1].rstrip()}…"
