"""Numbers of people, as they are typed."""

import re
from typing import Any, Final

import click

_PUNCTUATION: Final = re.compile(r"[\s.-]")
_NUMBER: Final = re.compile(r"[0-9]{8}")


class PersonNumber(click.ParamType[str]):
    """Eight digits, however they are grouped."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the digits alone; fails where they are not eight."""
        digits = _PUNCTUATION.sub("", str(value))
        if not _NUMBER.fullmatch(digits):
            self.fail("a person's number has eight digits", param, ctx)
        return digits


NUMBER: Final = PersonNumber()
