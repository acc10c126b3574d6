"""Everything that people do with recordings, each matter in its module, on one router."""

# The order of the document; and whatever has a name of its own under /v1/recordings/ before what is found by an id.
# ruff: noqa: I001
from functions.recordings.routes import announcing
from functions.recordings.routes import listing
from functions.recordings.routes import results
from functions.recordings.routes import correcting
from functions.recordings.routes.door import router

__all__ = ["announcing", "correcting", "listing", "results", "router"]
