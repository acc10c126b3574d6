"""A video that is watched while it is drawn: over a real WebSocket, by the owner alone."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from functions.core.jobs.ascii_frames import read_event
from tests.journeys.caller import Caller
from tests.journeys.test_ascii_video import ascii_video, fetched, job_of
from tests.local_system import LocalSystem
from tests.video_making import moving_square, video

pytestmark = pytest.mark.journey

RATE = 120
PATIENCE = 60.0


@contextmanager
def connected(caller: Caller) -> Iterator[ClientConnection]:
    ticket = caller.http.post("/v1/realtime/ticket", json={}).raise_for_status().json()
    protocols = [Subprotocol("parley.v1"), Subprotocol(f"ticket.{ticket['ticket']}")]
    with connect(ticket["url"], subprotocols=protocols, compression=None, proxy=None) as socket:
        yield socket


def said(socket: ClientConnection) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(socket.recv(timeout=PATIENCE))
    return answer


def asked(socket: ClientConnection, frame: dict[str, Any]) -> dict[str, Any]:
    """Ask, and return the reply; what the server says of itself before it is left out."""
    socket.send(json.dumps({**frame, "id": "mine"}))
    while True:
        answer = said(socket)
        if answer.get("id") == "mine":
            return answer


def until_the_end(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    """Yield the frames."""
    while (event := said(socket))["type"] != "ascii.end":
        if event["type"] == "ascii.frame":
            yield event


def test_the_owner_sees_frames_as_they_are_drawn_and_nobody_else_does(
    system: LocalSystem, anna: Caller, folder: Path
) -> None:
    path = folder / "long.mp4"
    # Soon made, and seconds of work: a minute and a half of which 120 pictures a second are asked for, in colour.
    path.write_bytes(video(moving_square(90, width=320, height=240), rate=1))
    with connected(anna) as socket, Caller.registered(system.url) as boris, connected(boris) as curious:
        for one in (socket, curious):
            assert asked(one, {"type": "watch", "job_id": "job_unknown"})["code"] == "not-found"
        wanted = ascii_video(width=80, style="braille", colors="source", fps=RATE, save_txt=True)
        recording_id = anna.upload(path, process=wanted)
        job = job_of(anna, recording_id)
        watch = {"type": "watch", "job_id": job["id"]}
        assert asked(socket, watch)["type"] == "ack"
        assert asked(curious, watch)["code"] == "not-found"

        events = list(until_the_end(socket))

        assert asked(curious, {"type": "ping"})["type"] == "pong"
    assert len(events) >= 5
    assert {event["job_id"] for event in events} == {job["id"]}
    [job] = anna.settled(recording_id)["jobs"]
    assert job["status"] == "succeeded"
    frames = [read_event(event) for event in events]
    assert [frame.number for frame in frames] == sorted({frame.number for frame in frames})
    with zipfile.ZipFile(io.BytesIO(fetched(anna, f"/v1/jobs/{job['id']}/files/txt").content)) as texts:
        for frame in frames:
            assert frame.text == texts.read(f"frame_{frame.number:06}.txt").decode()
            assert frame.milliseconds == frame.number * 1000 // RATE
