"""docs/seed-map.md, walked: whoever comes from another system gets there what it says."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from functions.core.accounts.model import Role
from functions.core.jobs.ascii_video import RESULT, AsciiVideo, File, ascii_video_to_json
from functions.core.jobs.model import Kind
from functions.core.recordings.media import result_key, source_key
from functions.core.recordings.model import Process
from infra.doors import ROUTERS
from tests.builders import PASSWORD, a_recording, a_transcript
from tests.house import OPERATOR_KEY, WAV, House

MAP = Path(__file__).parents[2] / "docs" / "seed-map.md"
ROW = re.compile(r"^\| `(?P<there>[A-Z]+ [^`]+)` \| `(?P<here>[A-Z]+ [^`]+)` \|", re.MULTILINE)
ROWS = [(row["there"], row["here"]) for row in ROW.finditer(MAP.read_text(encoding="utf-8"))]
NUMBERS = itertools.count(1)


FILM = {"filename": "film.mp4", "size": 1000, "content_type": "video/mp4"}
A_DRAWN_VIDEO = AsciiVideo(
    frames=3,
    duration=0.5,
    columns=120,
    rows=34,
    width=1920,
    height=1080,
    style="normal",
    engine="direct",
    has_audio=True,
    files={File.VIDEO: 4, File.TXT: 4, File.PNG: 4},
)


def person(_: object) -> dict[str, str]:
    name = f"olga{next(NUMBERS)}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


@dataclass
class Newcomer:
    """Somebody with a client of an older system, and what they have by now."""

    house: House = field(default_factory=House)

    def __post_init__(self) -> None:
        self.admin = self.house.a_known_user(role=Role.ADMIN)
        self.somebody = self.house.a_known_user()
        self.owner = self.house.a_known_user()
        only = (Process(Kind.TRANSCRIBE),)
        self.recording = self.house.a_transcribed_recording(self.owner, a_transcript("Привет."), process=only)
        self.ids = {
            "recording_id": self.recording.id,
            "job_id": self.recording.job_ids[0],
            "user_id": self.somebody.id,
            "unique_id": self.somebody.unique_id,
        }

    def call(self, here: str, client: TestClient, **request: Any) -> Any:
        method, path = here.split(" ")
        return client.request(method, path.format(**self.ids), **request)

    def location(self) -> None:
        made = self.house.client(self.admin).post("/v1/locations", json={"name": f"Невский, {next(NUMBERS)}"})
        self.ids["location_id"] = made.json()["id"]

    def drawing(self) -> None:
        """A video of theirs is turned into ASCII."""
        film = a_recording(owner_id=self.owner.id, content_type="video/mp4", process=(Process(Kind.ASCII_VIDEO),))
        job_id = self.house.uploaded(self.house.recordings.add(film), WAV).job_ids[0]
        job = self.house.jobs.claim(job_id, by="test", lease=timedelta(seconds=30))
        made = replace(A_DRAWN_VIDEO, begun_at=self.house.clock())
        key = result_key(job_id, job.attempts, RESULT)
        self.house.media.write(key, ascii_video_to_json(made), content_type="application/json")
        self.house.jobs.finish(job, result_key=key, timings={})
        self.ids["job_id"] = job_id


def fetched(newcomer: Newcomer) -> dict[str, Any]:
    newcomer.drawing()
    return {}


def asked(newcomer: Newcomer) -> dict[str, Any]:
    somebody = newcomer.house.client(newcomer.somebody)
    somebody.post("/v1/contacts", json={"target_id": newcomer.owner.unique_id, "secret": False})
    return {}


def sent(newcomer: Newcomer) -> dict[str, Any]:
    return {"files": {"file": ("a.wav", WAV, "audio/wav")}, "data": {"language": "ru"}}


def announced(newcomer: Newcomer) -> dict[str, Any]:
    return {"json": {"filename": "a.m4a", "size": 10, "content_type": "audio/mp4", "title": "Разговор"}}


REQUESTS: dict[str, Callable[[Newcomer], dict[str, Any]]] = {
    "POST /auth/register": lambda n: {"data": person(n)},
    "POST /register": lambda n: {"json": person(n)},
    "POST /auth/login": lambda n: {"data": {"username": n.owner.username, "password": PASSWORD}},
    "POST /token": lambda n: {"data": {"username": n.owner.username, "password": PASSWORD}},
    "POST /login": lambda n: {"json": {"identifier": n.owner.unique_id, "password": PASSWORD}},
    "POST /generate_otp": lambda _: {"json": {"challenge_id": "chl_1"}},
    "POST /subscribe": lambda n: {"json": {"target_id": n.somebody.unique_id, "secret": True}},
    "POST /confirm_subscribe": asked,
    "POST /upload": sent,
    "POST /transcribe": sent,
    "POST /recordings": announced,
    "PATCH /users/{id}/activate": lambda _: {"json": {"active": True}},
    "PATCH /users/{id}/deactivate": lambda _: {"json": {"active": False}},
    "PATCH /users/{id}/make-admin": lambda _: {"json": {"role": "admin"}},
    "PATCH /users/{id}/remove-admin": lambda _: {"json": {"role": "user"}},
    "POST /recordings/{id}/transcribe": lambda n: {
        "json": {"recording_id": n.recording.id, "kind": "transcribe", "options": {"model": "tiny"}}
    },
    "DELETE /recordings": lambda n: {"json": {"ids": [n.recording.id]}},
    "POST /convert/video": lambda _: {"json": FILM | {"process": [{"kind": "ascii_video", "options": {"width": 80}}]}},
    "POST /convert/batch": lambda _: {"json": {"kind": "ascii_video", "uploads": [FILM]}},
    **{f"GET /download/{{job}}/{name}": fetched for name in ("video", "frames", "txt", "png")},
    "POST /locations": lambda _: {"json": {"name": "Садовая, 1"}},
    "PUT /locations/{id}": lambda _: {"json": {"name": "Садовая, 2"}},
}
ADMINS = ("/users", "/debug/users", "/recordings/admin", "/recordings/system-check", "/locations", "DELETE /recordings")


def test_every_request_of_the_map_is_one_of_ours() -> None:
    routes = [route for router in ROUTERS.values() for route in router.routes if isinstance(route, APIRoute)]
    ours = {f"{method} {route.path}" for route in routes for method in route.methods}

    assert len(ROWS) == 52
    assert {re.sub("/files/.*", "/files/{file_name}", here.split("?")[0]) for _, here in ROWS} <= ours


def test_every_request_of_the_map_succeeds() -> None:
    house = House()
    for there, here in ROWS:
        newcomer = Newcomer(house)
        newcomer.location()
        is_admins = any(there.startswith(name) or there.split(" ")[1].startswith(name) for name in ADMINS)
        client = house.client(newcomer.admin if is_admins else newcomer.owner)

        answer = newcomer.call(here, client, **REQUESTS.get(there, lambda _: {})(newcomer))

        assert answer.status_code < 400, (there, here, answer.text)


def test_a_file_sent_as_before_becomes_a_transcript_as_before() -> None:
    newcomer = Newcomer()
    client = newcomer.house.client(newcomer.owner)
    recording = newcomer.call("POST /v1/uploads", client, **sent(newcomer)).json()["recording"]
    stored = newcomer.house.recordings.get(recording["id"])
    newcomer.house.arrivals.take_in(source_key(stored))

    jobs = client.get(f"/v1/recordings/{recording['id']}").json()["jobs"]

    assert [(job["kind"], job["status"]) for job in jobs] == [("transcribe", "queued"), ("summarise", "queued")]
    assert jobs[0]["id"] in [job["id"] for job in client.get("/v1/jobs").json()["items"]]


def test_statistics_are_no_id() -> None:
    house = House()

    assert "by_status" in house.client(house.a_known_user()).get("/v1/recordings/stats").json()


def test_nobody_is_let_in_with_no_token_set_and_none_shown() -> None:
    house = House()

    assert house.client().get("/v1/recordings").status_code == 401
    assert house.client(bearer=OPERATOR_KEY).get("/v1/recordings", params={"scope": "all"}).status_code == 200
