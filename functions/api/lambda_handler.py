"""An app as a Lambda handler for HTTP API events (payload 2.0)."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from mangum import Mangum

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler_for(app: FastAPI) -> Handler:
    """Return the function that Lambda calls."""
    return Mangum(
        app,
        # "auto" would start and stop the app at every invocation.
        lifespan="off",
        # Anything not named here leaves base64-encoded, a third larger.
        text_mime_types=["text/", "application/json", "application/problem+json", "application/x-subrip"],
    )
