"""Tells people's open connections how their jobs and recordings are."""

from collections.abc import Iterator, Sequence
from typing import Any

from functions.api.views import JobView
from functions.core.changes import Change
from functions.core.jobs.store import Jobs
from functions.core.observability import log
from functions.core.realtime.model import Notice
from functions.core.realtime.push import Push
from functions.core.table import Document

SHOWN: tuple[str, ...] = (
    "title",
    "work",
    "duration",
    "language",
    "heard_language",
    "location_id",
    "recorded_at",
    "keep_until",
    "error",
)
"""Fields of a recording that lists show; the rest is read where it is needed."""


class LiveNews:
    """Reacts to changes. To learn that nobody is connected costs one read for all changes together."""

    def __init__(self, jobs: Jobs, push: Push) -> None:
        self._jobs = jobs
        self._push = push

    def react(self, changes: Sequence[Change]) -> None:
        """Say what can be seen of each thing now, once; never fails, for nobody depends on it."""
        try:
            newest = {change.pk: notice for change in changes for notice in self._notices(change)}
            heard = self._push.send(list(newest.values())) if newest else []
        except Exception:  # noqa: BLE001 (a batch that is shown again would send webhooks twice)
            log.error("connections could not be told")
            return
        if any(heard):
            log.debug("connections are told", messages=sum(heard))

    def _notices(self, change: Change) -> Iterator[Notice]:
        of_job, of_recording = change.id_of("JOB#"), change.id_of("RECORDING#")
        if of_job and change.new is not None:
            seen = self._view(change.new)
            # A lease that is renewed changes nothing that is shown.
            if change.old is None or self._view(change.old) != seen:
                yield Notice(user_id=change.new["owner_id"], event={"type": "job", "job": seen})
        elif of_recording:
            yield from _of_recording(change, of_recording)

    def _view(self, document: Document) -> dict[str, Any]:
        return JobView.of(self._jobs.load(document)).model_dump(mode="json")


def _of_recording(change: Change, recording_id: str) -> Iterator[Notice]:
    known = change.new or change.old
    assert known is not None, "a change is of something"
    if change.new is None or "deleted_at" in change.new:
        if change.old is None or "deleted_at" not in change.old:
            yield Notice(user_id=known["owner_id"], event={"type": "recording.deleted", "id": recording_id})
        return
    shown = _shown(change.new)
    if change.old is None or _shown(change.old) != shown:
        event = {"type": "recording", "recording": {"id": recording_id, **shown}}
        yield Notice(user_id=change.new["owner_id"], event=event)


def _shown(document: Document) -> dict[str, Any]:
    return {"status": document["stored_status"], **{name: document.get(name) for name in SHOWN}}
