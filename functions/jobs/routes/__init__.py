"""Everything around jobs, each matter in its module, on one router."""

# The order of the document.
# ruff: noqa: I001
from functions.jobs.routes import starting
from functions.jobs.routes import reading
from functions.jobs.routes import files
from functions.jobs.routes import ending
from functions.jobs.routes import batches
from functions.jobs.routes import presets
from functions.jobs.routes.door import router

__all__ = ["batches", "ending", "files", "presets", "reading", "router", "starting"]
