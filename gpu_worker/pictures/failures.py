"""Why a video cannot be turned into ASCII; each has a slug for programs and a sentence for people."""


class NotRenderable(Exception):
    """No further attempt would help."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
