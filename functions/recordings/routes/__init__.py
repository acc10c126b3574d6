"""Everything that people do with recordings, each matter in its module, on one router."""

# The order of the document; and whatever has a name of its own under /v1/recordings/ before what is found by an id.
# ruff: noqa: I001
from functions.recordings.routes import announcing
from functions.recordings.routes import multipart
from functions.recordings.routes import stats
from functions.recordings.routes import listing
from functions.recordings.routes import changing
from functions.recordings.routes import deleting
from functions.recordings.routes import results
from functions.recordings.routes import correcting
from functions.recordings.routes import locations
from functions.recordings.routes.door import router

__all__ = [
    "announcing",
    "changing",
    "correcting",
    "deleting",
    "listing",
    "locations",
    "multipart",
    "results",
    "router",
    "stats",
]
