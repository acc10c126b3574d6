"""From a model's JSON to what of it can be trusted."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from functions.core.jobs.results import Statement
from gpu_worker.language.evidence import Evidence, Unsupported

_LONGEST_TEXT: Final = 500
_MOST: Final = {"overview": 6, "bullets": 15, "action_items": 30}
_OBJECT: Final = re.compile(r"\{.*\}", re.DOTALL)
_THOUGHT: Final = re.compile(r"<think>.*?</think>", re.DOTALL)
_MARKS: Final = re.compile(r"^(?:[-*•]\s+)+|\s*\[\d+(?:\s*[,;–-]\s*\d+)*\](?=\W*$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What remains of an answer. `problems` say in words for the model what did not; `dropped` counts sentences."""

    overview: tuple[Statement, ...] = ()
    bullets: tuple[Statement, ...] = ()
    action_items: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = ()
    dropped: int = 0

    @property
    def is_usable(self) -> bool:
        """Whether this is a summary at all."""
        return bool(self.bullets)

    @property
    def worth(self) -> int:
        """How much of it stood up."""
        return len(self.overview) + len(self.bullets) + len(self.action_items)


def read_answer(answer: str, evidence: Evidence) -> Draft:
    """Keep the sentences that the evidence bears out, and say what was wrong with the others."""
    if not answer.strip():
        return Draft(problems=("The answer was empty.",))
    body = _object(answer)
    if body is None:
        return Draft(problems=("The answer was not one JSON object.",))
    problems: list[str] = []
    kept: dict[str, tuple[Statement, ...]] = {}
    dropped = 0
    for name, most in _MOST.items():
        statements: dict[str, Statement] = {}
        for item in _items(body.get(name), name, problems):
            try:
                statement = _statement(item, evidence)
            except Unsupported as reason:
                dropped += 1
                problems.append(f"{name}: {json.dumps(item, ensure_ascii=False)[:_LONGEST_TEXT]}: {reason}.")
            else:
                statements.setdefault(statement.text.casefold(), statement)
        kept[name] = tuple(statements.values())[:most]
    if not kept["bullets"] and not problems:
        problems.append("There was not one bullet.")
    return Draft(
        # The overview tells a story and keeps its order; lists are in order of time.
        overview=kept["overview"],
        bullets=in_time(kept["bullets"]),
        action_items=in_time(kept["action_items"]),
        problems=tuple(problems),
        dropped=dropped,
    )


def in_time(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The same statements in the order in which they came up."""
    return tuple(sorted(statements, key=lambda statement: statement.segments))


def _object(answer: str) -> dict[str, Any] | None:
    found = _OBJECT.search(_THOUGHT.sub("", answer))
    try:
        body = json.loads(found[0]) if found else None
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _items(value: Any, name: str, problems: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        problems.append(f"{name}: it was not a list.")


def _statement(item: Any, evidence: Evidence) -> Statement:
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        raise Unsupported("it is not an object with a text")
    text = _MARKS.sub("", " ".join(item["text"].split()))
    if not text or len(text) > _LONGEST_TEXT:
        raise Unsupported(f"its text is empty or longer than {_LONGEST_TEXT} characters")
    cited = item.get("segments")
    if not isinstance(cited, list) or not all(isinstance(id_, int) and not isinstance(id_, bool) for id_ in cited):
        raise Unsupported("its segments are not a list of numbers")
    return evidence.statement(text, cited)
