"""Why a command ends badly: one line for a person, one exit code for a script."""

from dataclasses import dataclass
from typing import Final

FAILED: Final = 1
NOT_SIGNED_IN: Final = 3
INTERRUPTED: Final = 130


class Failure(Exception):
    """Something that a person can read and act on."""

    exit_code = FAILED
    code = "failed"


class NotSignedIn(Failure):
    """No credential for this server, or one that it does not accept."""

    exit_code = NOT_SIGNED_IN
    code = "not-signed-in"


class Unreachable(Failure):
    """No answer came, however often we asked."""

    code = "unreachable"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job or an upload came to nothing, in the server's words."""

    code: str
    detail: str

    def __str__(self) -> str:
        """Sentence first; the slug is for the search engine and the issue."""
        return f"{self.detail} ({self.code})"


class Problem(Failure):
    """The server's `application/problem+json`."""

    def __init__(
        self, detail: str, *, status: int, code: str, request_id: str | None = None, fields: tuple[str, ...] = ()
    ) -> None:
        names = ", ".join(filter(None, [code, f"request {request_id}" if request_id else ""]))
        super().__init__(" ".join([detail, *fields, f"({names})"]))
        self.status = status
        self.code = code
