"""Event patterns, as far as the template uses them: which records of a stream a function is called with.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.errors import CannotRun

Pattern = Mapping[str, Any]

_MISSING = object()


def refuse_unknown_rules(pattern: Any, *, of: str) -> None:
    """Stop where a rule would be read wrongly.

    Raises:
        CannotRun: `pattern` has one that the local system does not know.
    """
    for name, wanted in pattern.items():
        if isinstance(wanted, Mapping):
            refuse_unknown_rules(wanted, of=of)
        elif not isinstance(wanted, list) or not all(map(_is_known, wanted)):
            raise CannotRun(f"template.yaml: {of} has a pattern for {name} that infra/local cannot match yet.")


def matches(pattern: Pattern, event: Any) -> bool:
    """Tell whether an event has everything that a pattern asks for."""
    return all(_field_matches(wanted, _field(event, name)) for name, wanted in pattern.items())


def _field(event: Any, name: str) -> Any:
    return event.get(name, _MISSING) if isinstance(event, Mapping) else _MISSING


def _field_matches(wanted: Pattern | Sequence[Any], value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return matches(wanted, value)
    return any(_rule_matches(rule, value) for rule in wanted)


def _rule_matches(rule: Any, value: Any) -> bool:
    match rule:
        case {"exists": bool(is_there)}:
            return (value is not _MISSING) == is_there
        case {"prefix": str(prefix)}:
            return isinstance(value, str) and value.startswith(prefix)
        case _:
            # In Python True is 1.
            return type(value) is type(rule) and bool(value == rule)


def _is_known(rule: Any) -> bool:
    match rule:
        case {"exists": bool()} | {"prefix": str()}:
            return len(rule) == 1
        case _:
            return rule is None or isinstance(rule, str | int | float)
