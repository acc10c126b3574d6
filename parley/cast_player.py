"""Plays an asciicast in this terminal, in its time: https://docs.asciinema.org/manual/asciicast/v2/."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from parley.errors import Failure

BEGIN: Final = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
"""A screen of its own, without a cursor."""
END: Final = "\x1b[0m\x1b[?25h\x1b[?1049l"
# A colour, a place, what is to be cleared, and text: in what else others wrote, they could steer this terminal.
_ALLOWED: Final = r"(\x1b\[[0-9;]*[ABCDGHJKfm]|[\r\n\t])"
_COMMAND: Final = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x1b\x07]*(?:\x1b\\|\x07)?|\x1b[ -~]?|[\x00-\x1f\x7f-\x9f]"
_CONTROL: Final = re.compile(f"{_ALLOWED}|{_COMMAND}")


@dataclass(frozen=True, slots=True)
class Cast:
    """A recording of a terminal."""

    columns: int
    rows: int
    path: Path
    has_intervals: bool
    """Whether its times count from the event before (version 3), not from the beginning."""

    def events(self) -> Iterator[tuple[float, str]]:
        """Yield what is written and when, in seconds after the beginning."""
        elapsed = 0.0
        with self.path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                if not line.strip() or line.startswith("#"):
                    continue
                at, code, text = _understood(line)
                elapsed = elapsed + float(at) if self.has_intervals else float(at)
                if code == "o":
                    yield elapsed, _CONTROL.sub(lambda found: found[1] or "", str(text))


def open_cast(path: Path) -> Cast:
    """Read the head of an asciicast; raises Failure where it is none."""
    try:
        with path.open(encoding="utf-8") as file:
            head = json.loads(file.readline())
        size = head["term"] if head["version"] == 3 else head
        columns, rows = (size["cols"], size["rows"]) if head["version"] == 3 else (size["width"], size["height"])
        return Cast(int(columns), int(rows), path, head["version"] == 3)
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"{path} is no asciicast.") from error


def refuse_small_terminal(cast: Cast, size: os.terminal_size) -> None:
    """Go on only if all of it can be seen; raises Failure, which says how large the terminal must be."""
    if size.columns < cast.columns or size.lines < cast.rows:
        raise Failure(
            f"The terminal is too small to play it: it has {size.columns}x{size.lines} characters, and "
            f"{cast.columns}x{cast.rows} are needed. Make it larger or the letters smaller, or use a smaller --width."
        )


def play(
    cast: Cast,
    screen: TextIO,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Play it until its end or Ctrl-C; the screen is as it was afterwards."""
    began = now()
    try:
        screen.write(BEGIN)
        for at, text in cast.events():
            ahead = at - (now() - began)
            if ahead > 0:
                screen.flush()
                sleep(ahead)
            screen.write(text)
        screen.flush()
    except KeyboardInterrupt:
        return
    finally:
        screen.write(END)
        screen.flush()


def _understood(line: str) -> tuple[Any, Any, Any]:
    try:
        at, code, text = json.loads(line)
        return float(at), code, text
    except (ValueError, TypeError) as error:
        raise Failure("The asciicast is damaged.") from error
