from parley.errors import Failure


class Refused(Failure):
    """What came is not believed. Programs look at `code`; nothing of what came stands in the text.

    Codes: version, malformed, signature, addressing, unexpected, stale, replay, sealed, bundle, fingerprint, pin,
    statement. What each means stands in docs/security.md.
    """

    code = "refused"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
