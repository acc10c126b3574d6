"""CloudFormation's functions, with every name known: what is left after them is plain values."""

import re
from collections.abc import Mapping
from typing import Any, Final

from infra.local.errors import CannotRun

Attributes = Mapping[str, Mapping[str, str]]
"""What `Ref` (under "Ref") and `Fn::GetAtt` give, by logical id; parameters and AWS::... have a "Ref" only."""

_NO_VALUE: Final = object()
_VARIABLE: Final = re.compile(r"\$\{(!?)([^}]+)\}")


class Resolver:
    """Replaces functions by their values."""

    def __init__(self, attributes: Attributes, conditions: Mapping[str, Any]) -> None:
        self._attributes = attributes
        self._conditions = conditions

    def resolve(self, value: Any) -> Any:
        """Return `value` without functions.

        Raises:
            CannotRun: it names something unknown, or uses a function that the local system does not know.
        """
        match value:
            case dict() if len(value) == 1 and (name := next(iter(value))) and _is_function(name):
                return self._call(name, value[name])
            case dict():
                resolved = {key: self.resolve(inner) for key, inner in value.items()}
                return {key: inner for key, inner in resolved.items() if inner is not _NO_VALUE}
            case list():
                return [inner for inner in map(self.resolve, value) if inner is not _NO_VALUE]
            case _:
                return value

    def holds(self, condition: Any) -> bool:
        """Tell whether a condition, named or written out, is true."""
        if isinstance(condition, str):
            return self.holds(self._conditions[condition])
        (name, arguments), *_ = condition.items()
        match name:
            case "Condition":
                return self.holds(arguments)
            case "Fn::Equals":
                first, second = self.resolve(arguments)
                return str(first) == str(second)
            case "Fn::Not":
                return not self.holds(arguments[0])
            case "Fn::And":
                return all(map(self.holds, arguments))
            case "Fn::Or":
                return any(map(self.holds, arguments))
        raise CannotRun(f"template.yaml: the local system does not know the condition {name}.")

    def _call(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", "AWS::NoValue":
                return _NO_VALUE
            case "Ref", str():
                return self._attribute(argument, "Ref")
            case "Fn::GetAtt", [thing, attribute]:
                return self._attribute(thing, attribute)
            case "Fn::Sub", str():
                return self._substitute(argument, {})
            case "Fn::Sub", [text, values]:
                return self._substitute(text, self.resolve(values))
            case _:
                return self._choose(name, argument)

    def _choose(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Fn::Join", [separator, parts]:
                return separator.join(map(str, self.resolve(parts)))
            case "Fn::Split", [separator, text]:
                return self.resolve(text).split(separator)
            case "Fn::Select", [index, options]:
                return self.resolve(options)[int(index)]
            case "Fn::If", [condition, then, otherwise]:
                return self.resolve(then if self.holds(condition) else otherwise)
        raise CannotRun(f"template.yaml: the local system does not know {name} with {argument!r}.")

    def _substitute(self, text: str, values: Mapping[str, Any]) -> str:
        def value_of(found: re.Match[str]) -> str:
            is_literal, variable = found.groups()
            if is_literal:
                return f"${{{variable}}}"
            if variable in values:
                return str(values[variable])
            thing, _, attribute = variable.partition(".")
            return self._attribute(thing, attribute or "Ref")

        return _VARIABLE.sub(value_of, text)

    def _attribute(self, thing: str, attribute: str) -> str:
        try:
            return self._attributes[thing][attribute]
        except KeyError:
            raise CannotRun(f"template.yaml: the local system does not know {thing}.{attribute}.") from None


def _is_function(name: str) -> bool:
    return name == "Ref" or name.startswith("Fn::")
