"""The router of this door, and what its routes are given."""

from typing import Annotated

from fastapi import APIRouter, Depends

from functions.api.services import service
from functions.core.clock import Clock
from functions.core.jobs.store import Jobs
from functions.core.recordings.media import Media
from functions.core.recordings.store import Recordings
from functions.core.shares.links import Links
from functions.core.shares.store import Shares

router = APIRouter(tags=["shares"])

TheClock = Annotated[Clock, Depends(service(Clock))]
TheJobs = Annotated[Jobs, Depends(service(Jobs))]
TheLinks = Annotated[Links, Depends(service(Links))]
TheMedia = Annotated[Media, Depends(service(Media))]
TheRecordings = Annotated[Recordings, Depends(service(Recordings))]
TheShares = Annotated[Shares, Depends(service(Shares))]
