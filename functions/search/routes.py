"""Search in what was said."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.api.callers import RecordingsReader
from functions.api.moments import Beginning, End
from functions.api.paging import CurrentPage
from functions.api.problems import problems
from functions.api.services import service
from functions.core.errors import Invalid, Unavailable
from functions.core.observability import log
from functions.core.search.query import parse
from functions.core.search.search import Page, Search, Wanted
from functions.search.schemas import FoundPage, HitView

router = APIRouter(prefix="/v1", tags=["recordings"])

TheSearch = Annotated[Search, Depends(service(Search))]


@router.get("/search", responses=problems(Invalid, Unavailable))
def search_recordings(
    q: Annotated[
        str, Query(description="Words; those in quotation marks follow each other", examples=['"annual budget" agreed'])
    ],
    caller: RecordingsReader,
    search: TheSearch,
    paging: CurrentPage,
    recorded_from: Annotated[
        Beginning, Query(alias="from", description="Recorded then or later; a date or a date-time, UTC if not said")
    ] = None,
    recorded_to: Annotated[
        End, Query(alias="to", description="Recorded before this date-time, or on this date at the latest")
    ] = None,
    location_id: Annotated[str | None, Query(min_length=1, max_length=64, description="`loc_...`")] = None,
    per_recording: Annotated[int, Query(ge=1, le=10, description="At most so many places in each recording")] = 3,
) -> FoundPage:
    """Find what was said in my recordings, the best answer first.

    All words must be said within 30 words of each other, in any form: `went` finds `go`, `люди` finds `человек`. Words
    in quotation marks, and those written without a space between them, must follow each other. Transcripts are found as
    they were corrected, a few seconds after they have come or changed. A search may have 16 words and 500 characters.
    """
    if recorded_from is not None and recorded_to is not None and recorded_from > recorded_to:
        raise Invalid("`from` is later than `to`.", code="from-after-to")
    wanted = Wanted(
        query=parse(q),
        since=None if recorded_from is None else recorded_from.timestamp(),
        before=None if recorded_to is None else recorded_to.timestamp(),
        location_id=location_id,
    )
    list_name = f"search of {caller.user_id} {(q, wanted.since, wanted.before, location_id)}"
    page = Page(after=paging.position(list_name), limit=paging.limit, per_recording=per_recording)
    answer = search.find(caller.user_id, wanted, page)
    log.info("searched", words=sum(map(len, wanted.query.clauses)), found=answer.total)
    shown = paging.answer(list_name, [HitView.of(hit) for hit in answer.hits], following=answer.following)
    return FoundPage(items=shown.items, next_cursor=shown.next_cursor, total=answer.total)
