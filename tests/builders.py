"""Things that are valid by default; a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.core.accounts.model import Role, User
from functions.core.ids import new_id
from functions.core.jobs.model import Job, Kind
from functions.core.jobs.results import Segment, Transcript, Word
from functions.core.locations.model import Location
from functions.core.recordings.model import Recording, default_process

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


def a_user(**changes: Any) -> User:
    user_id = new_id("user")
    defaults: dict[str, Any] = {
        "id": user_id,
        "username": f"anna-{user_id[-8:].lower()}",
        "email": f"{user_id.lower()}@example.com",
        "created_at": NOON,
        "unique_id": str(10_000_000 + hash(user_id) % 90_000_000),
        "role": Role.USER,
    }
    return User(**defaults | changes)


def a_recording(**changes: Any) -> Recording:
    defaults: dict[str, Any] = {
        "id": new_id("recording"),
        "owner_id": "usr_anna",
        "filename": "встреча.m4a",
        "title": "встреча",
        "size": 1000,
        "content_type": "audio/mp4",
        "request_id": "req_1",
        "created_at": NOON,
        "upload_until": NOON + timedelta(hours=1),
        "process": default_process(),
    }
    return Recording(**defaults | changes)


def a_location(**changes: Any) -> Location:
    location_id = new_id("location")
    defaults: dict[str, Any] = {"id": location_id, "name": f"Shop {location_id}", "created_at": NOON}
    return Location(**defaults | changes)


def a_job(**changes: Any) -> Job:
    defaults: dict[str, Any] = {
        "id": new_id("job"),
        "kind": Kind.TRANSCRIBE,
        "owner_id": "usr_anna",
        "recording_id": "rec_1",
        "request_id": "req_1",
        "created_at": NOON,
    }
    return Job(**defaults | changes)


def a_transcript(*texts: str, **changes: Any) -> Transcript:
    segments = tuple(
        Segment(
            id=number,
            start=number * 2.0,
            end=number * 2.0 + 1.5,
            text=text,
            words=(Word(word=text, start=number * 2.0, end=number * 2.0 + 1.5, probability=0.9),),
        )
        for number, text in enumerate(texts)
    )
    defaults: dict[str, Any] = {
        "language": "en",
        "language_probability": 0.98,
        "duration": 2.0 * len(texts),
        "segments": segments,
        "model": "demo",
    }
    return Transcript(**defaults | changes)
