"""Which recordings a caller asks for, in the words of the interface."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Depends, Query
from pydantic import StringConstraints

from functions.api.moments import Beginning, End
from functions.core.accounts.model import Caller, Scope
from functions.core.errors import Invalid
from functions.core.recordings.model import MediaKind, RecordingStatus, Work
from functions.core.recordings.selection import Selection, Span

_WORK: Final = {work.value for work in Work}
Id = Annotated[str | None, StringConstraints(min_length=1, max_length=64)]


class Filters:
    """All of them must fit."""

    def __init__(  # noqa: PLR0913 - each is a filter
        self,
        *,
        status: Annotated[
            Literal["awaiting_upload", "uploaded", "refused", "expired", "working", "done", "failed"] | None,
            Query(description="What became of the upload; or `working`, `done`, `failed`: how far its jobs are"),
        ] = None,
        location_id: Annotated[Id, Query(description="`loc_...`")] = None,
        seller: Annotated[Id, Query(description="Whose recordings, `usr_...`; others' with `scope=all`")] = None,
        kind: Annotated[MediaKind | None, Query(description="By the content, until it is here as announced")] = None,
        q: Annotated[
            Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None,
            Query(description="A text in the title or the file's name, whatever its case"),
        ] = None,
        added_from: Annotated[
            Beginning, Query(alias="from", description="Added then or later; a date or a date-time, UTC if not said")
        ] = None,
        added_to: Annotated[
            End, Query(alias="to", description="Added before this date-time, or on this date at the latest")
        ] = None,
        recorded_from: Annotated[Beginning, Query(description="The conversation took place then or later")] = None,
        recorded_to: Annotated[
            End, Query(description="It took place before this date-time, or on this date at the latest")
        ] = None,
        scope: Annotated[Literal["mine", "all"], Query(description="`all`: everybody's; for admins")] = "mine",
    ) -> None:
        self._status = status
        self._location_id = location_id
        self._seller = seller
        self._kind = kind
        self._text = q
        self._added = _span("from", added_from, "to", added_to)
        self._recorded = _span("recorded_from", recorded_from, "recorded_to", recorded_to)
        self._is_all = scope == "all"

    def selection(self, caller: Caller) -> Selection:
        """Return what is asked for; raises Refused for everybody's recordings where the caller is no admin."""
        is_theirs = self._is_all or self._seller not in {None, caller.user_id}
        if is_theirs:
            caller.need(Scope.ADMIN)
        if is_theirs and not self._is_all:
            raise Invalid("Somebody else's recordings are listed with `scope=all`.", code="needs-scope-all")
        return Selection(
            owner_id=self._seller if self._is_all else caller.user_id,
            location_id=self._location_id,
            status=_status(self._status),
            kind=self._kind,
            text=self._text,
            added=self._added,
            recorded=self._recorded,
        )


CurrentFilters = Annotated[Filters, Depends()]


def _status(said: str | None) -> RecordingStatus | Work | None:
    if said is None:
        return None
    return Work(said) if said in _WORK else RecordingStatus(said)


def _span(since_name: str, since: datetime | None, before_name: str, before: datetime | None) -> Span:
    if since is not None and before is not None and since > before:
        raise Invalid(f"`{since_name}` is later than `{before_name}`.", code="from-after-to")
    return Span(since=since, before=before)
