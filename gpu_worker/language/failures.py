"""Why there is no summary. A caller needs two answers only: try again later, or tell the owner of this service."""

from functions.core.errors import ParleyError, Unavailable


class SummaryUnavailable(Unavailable):
    """The language model does not answer now; the same call may work later, after `retry_after` seconds if known."""

    code = "summary-unavailable"

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class SummaryMisconfigured(ParleyError):
    """The language model refuses us: the key, the balance, the address or the model is wrong. No retry helps."""

    code = "summary-misconfigured"
