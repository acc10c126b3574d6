"""Every door's routes, for what looks at all of them: the document and the tests."""

from typing import Final

from fastapi import APIRouter

from functions.accounts.routes import router as accounts
from functions.calls.routes import router as calls
from functions.debug.routes import router as debug
from functions.jobs.routes import router as jobs
from functions.openai.routes import router as openai
from functions.recordings.routes import router as recordings
from functions.search.routes import router as search
from functions.shares.routes import router as shares
from functions.system.routes import router as system
from functions.webhooks.routes import router as webhooks

ROUTERS: Final[dict[str, APIRouter]] = {
    "accounts": accounts,
    "recordings": recordings,
    "jobs": jobs,
    "search": search,
    "shares": shares,
    "webhooks": webhooks,
    "calls": calls,
    "openai": openai,
    "system": system,
    "debug": debug,
}
