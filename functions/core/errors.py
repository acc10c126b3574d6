"""Failures named by meaning. The HTTP status of each stands in `functions.api.problems`; the worker has no HTTP."""


class ParleyError(Exception):
    """A failure that a caller can understand and act on.

    `code` is a stable slug for programs; `detail` a sentence for people; `facts` extra members of the problem.
    """

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.facts = facts


class NotFound(ParleyError):
    """The thing does not exist, or is not the caller's: the two are never told apart."""

    code = "not-found"


class Gone(ParleyError):
    """The thing was there and is not kept any more."""

    code = "gone"


class Conflict(ParleyError):
    """The state of the thing forbids it."""

    code = "conflict"


class Refused(ParleyError):
    """The caller is known and may not do this."""

    code = "refused"


class NotKnown(ParleyError):
    """The caller showed no credential, or one that is wrong or over."""

    code = "not-authenticated"


class Invalid(ParleyError):
    """The request is well-formed and wrong."""

    code = "invalid"


class TooLarge(ParleyError):
    """More bytes than this way of sending takes."""

    code = "too-large"


class TooMany(ParleyError):
    """Too many calls; try again later."""

    code = "too-many-requests"


class Unavailable(ParleyError):
    """A neighbour that we need does not answer."""

    code = "unavailable"
