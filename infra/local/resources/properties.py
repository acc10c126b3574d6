"""Guards what the template asks for against what the local system makes."""

from collections.abc import Mapping
from typing import Any

from infra.local.errors import CannotRun

Properties = Mapping[str, Any]


def refuse_unknown(properties: Properties, known: set[str], *, of: str) -> None:
    """Stop where a property would be skipped in silence.

    Raises:
        CannotRun: `properties` has one that is not `known`.
    """
    unknown = sorted(set(properties) - known)
    if unknown:
        raise CannotRun(f"template.yaml: {of} has {', '.join(unknown)}, which infra/local cannot make yet.")


def renamed(properties: Properties, names: Mapping[str, str]) -> dict[str, Any]:
    """Give CloudFormation's properties the names that the service's API has for them."""
    return {names.get(name, name): value for name, value in properties.items()}
