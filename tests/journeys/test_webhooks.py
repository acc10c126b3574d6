"""What happens to a recording arrives at a server of its owner's, signed, and again where it was not taken."""

import json
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.core.webhooks.receiver import Receiver, receiving, respond
from tests.journeys.caller import Caller
from tests.local_system import eventually
from tests.speech_synthesis import SAMPLE_RATE, conversation, encode

pytestmark = pytest.mark.journey


def ids_by_type(receiver: Receiver) -> dict[str, Counter[str]]:
    """How often each message arrived."""
    found: dict[str, Counter[str]] = {}
    for one in list(receiver.received):
        found.setdefault(json.loads(one.body)["type"], Counter())[one.headers["webhook-id"]] += 1
    return found


def test_a_receiver_is_told_everything_and_a_message_it_failed_to_take_arrives_again(
    anna: Caller, folder: Path
) -> None:
    failures = Counter[str]()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(receiver.received[-1].body)
        failures[body["type"]] += body["type"] == "recording.ready"
        respond(500 if 0 < failures[body["type"]] <= 2 else 204)(handler)

    with receiving(answer) as receiver:
        webhook = made(anna, f"http://127.0.0.1:{receiver.port}/крючок")
        path = f"/v1/webhooks/{webhook['id']}"
        file = folder / "встреча.mp3"
        encode(file, conversation(["Send the invoice to Anna by Friday."], "en-us"), SAMPLE_RATE)
        recording_id = anna.upload(file, process=[{"kind": "transcribe"}])
        anna.settled(recording_id)
        # The first try and, five seconds later, the second: both fail. The third would come after five minutes.
        eventually(lambda: failures["recording.ready"] == 2, within=30)
        failed = eventually(lambda: deliveries(anna, path, "recording.ready", attempts=2), within=10)
        anna.http.post(f"{path}/deliveries/{failed['id']}/replay").raise_for_status()
        eventually(lambda: deliveries(anna, path, "recording.ready", status="delivered"), within=10)
        eventually(lambda: deliveries(anna, path, "job.succeeded", status="delivered"), within=10)

    anna.http.delete(path).raise_for_status()
    told = ids_by_type(receiver)
    assert {name: list(counts.values()) for name, counts in told.items()} == {
        "recording.uploaded": [1],
        "job.started": [1],
        "job.succeeded": [1],
        "recording.ready": [3],
    }
    for one in receiver.received:
        data = Webhook(webhook["secret"]).verify(one.body, one.headers)["data"]
        assert recording_id in {data["id"], data.get("recording_id")}
    assert httpx.get(f"{anna.http.base_url}{data['links']['recording']}").status_code == 401
    assert anna.http.get(data["links"]["recording"]).json()["title"] == "встреча"


def made(anna: Caller, url: str) -> dict[str, Any]:
    return anna.http.post("/v1/webhooks", json={"url": url}).raise_for_status().json()  # type: ignore[no-any-return]


def deliveries(anna: Caller, path: str, event: str, **wanted: Any) -> dict[str, Any] | None:
    """The delivery of an event, if it is as wanted."""
    items = anna.http.get(f"{path}/deliveries").raise_for_status().json()["items"]
    found = [one for one in items if one["event"] == event and wanted.items() <= one.items()]
    return found[0] if found else None
