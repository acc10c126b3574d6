"""Webhooks that owners make, see, change and remove."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.core.accounts.model import User
from functions.core.webhooks.model import MOST_WEBHOOKS, Attempt, DeliveryStatus, Endpoint, EventType, Trouble
from tests.builders import NOON
from tests.fakes.clock import FakeClock
from tests.house import House
from tests.webhook_builders import URL, a_delivery, a_webhook

KEY = {"Idempotency-Key": "phone-1"}
HOUR = timedelta(hours=1)


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock=clock)


@pytest.fixture
def client(house: House, anna: User) -> TestClient:
    return house.client(anna)


def make(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={"url": URL} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def troubled(house: House, owner: User, webhook_id: str, **changes: Any) -> None:
    """Let a webhook have had trouble."""

    def transition(webhook: Endpoint) -> Endpoint:
        return Endpoint(**{name: getattr(webhook, name) for name in Endpoint.__slots__} | changes)

    house.webhooks.change(house.webhooks.of(owner.id), webhook_id, transition)


def test_a_webhook_is_made_and_its_secret_is_shown_this_once(house: House, client: TestClient) -> None:
    made = make(client, events=["recording.ready", "job.failed", "recording.ready"], description="  Наш сервер ")

    secret = made.pop("secret")
    shown = client.get(f"/v1/webhooks/{made['id']}").json()
    assert secret.startswith("whsec_")
    assert shown == made
    assert client.get("/v1/webhooks").json() == {"items": [made], "next_cursor": None}
    assert made == {
        "id": made["id"],
        "url": URL,
        "description": "Наш сервер",
        "events": ["recording.ready", "job.failed"],
        "status": "active",
        "disabled": None,
        "failing_since": None,
        "last_success_at": None,
        "last_failure": None,
        "created_at": "2026-11-21T12:00:00Z",
    }
    assert made["id"].startswith("whk_")
    assert secret not in repr(house.library_table.documents)


def test_the_same_idempotency_key_answers_the_same_webhook_with_its_secret(house: House, anna: User) -> None:
    client = house.client(anna)

    answers = [client.post("/v1/webhooks", json={"url": URL}, headers=KEY) for _ in range(2)]
    other = client.post("/v1/webhooks", json={"url": f"{URL}/2"}, headers=KEY)

    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(client.get("/v1/webhooks").json()["items"]) == 1


def test_an_owner_has_so_many_webhooks_and_no_more(client: TestClient) -> None:
    made = [make(client)["id"] for _ in range(MOST_WEBHOOKS)]

    answer = client.post("/v1/webhooks", json={"url": URL})

    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "too-many-webhooks", 10)
    assert [one["id"] for one in client.get("/v1/webhooks").json()["items"]] == made[::-1]
    client.delete(f"/v1/webhooks/{made[0]}")
    make(client)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"url": "http://example.com/"}, "unusable-url"),
        ({"url": "https://localhost/"}, "unusable-url"),
        ({"url": "https://169.254.169.254/"}, "unusable-url"),
        ({"url": "https://u:p@example.com/"}, "unusable-url"),
        ({"url": ""}, "invalid"),
        ({"url": None}, "invalid"),
        ({"url": f"https://example.com/{'a' * 2000}"}, "invalid"),
        ({"events": ["recording.sung"]}, "invalid"),
        ({"events": ["webhook.test"]}, "invalid"),
        ({"events": ["job.failed"] * 101}, "invalid"),
        ({"description": "a\x00b"}, "invalid"),
        ({"description": "a" * 201}, "invalid"),
    ],
)
def test_a_bad_webhook_is_refused_and_leaves_nothing(client: TestClient, bad: dict[str, Any], code: str) -> None:
    answer = client.post("/v1/webhooks", json={"url": URL} | bad)
    webhook = make(client)
    changed = client.patch(f"/v1/webhooks/{webhook['id']}", json=bad)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (changed.status_code, changed.json()["code"]) == (422, code)
    assert len(client.get("/v1/webhooks").json()["items"]) == 1


def test_a_webhook_is_changed_part_by_part(client: TestClient) -> None:
    webhook = make(client, events=["job.failed"], description="one")
    path = f"/v1/webhooks/{webhook['id']}"

    moved = client.patch(path, json={"url": f"{URL}/2"}).json()
    everything = client.patch(path, json={"events": []}).json()
    described = client.patch(path, json={"description": ""}).json()

    assert (moved["url"], moved["events"], moved["description"]) == (f"{URL}/2", ["job.failed"], "one")
    assert (everything["url"], everything["events"]) == (f"{URL}/2", [])
    assert (described["description"], described["url"]) == ("", f"{URL}/2")
    assert client.get(path).json() == described
    assert client.patch(path, json={}).json()["code"] == "invalid"


def test_a_webhook_that_was_disabled_says_why_and_is_enabled_again_with_new_patience(
    house: House, anna: User, client: TestClient
) -> None:
    webhook = make(client)
    trouble = Trouble(code="gone", detail="The receiver answered 410 Gone.", at=NOON)
    troubled(house, anna, webhook["id"], disabled=trouble, failing_since=NOON, last_failure=trouble)
    path = f"/v1/webhooks/{webhook['id']}"

    disabled = client.get(path).json()
    tests = client.post(f"{path}/test")
    enabled = client.patch(path, json={"active": True}).json()

    said = {"code": "gone", "detail": "The receiver answered 410 Gone.", "at": "2026-11-21T12:00:00Z"}
    assert (disabled["status"], disabled["disabled"], disabled["last_failure"]) == ("disabled", said, said)
    assert (tests.status_code, tests.json()["code"]) == (409, "webhook-disabled")
    assert (enabled["status"], enabled["disabled"], enabled["failing_since"]) == ("active", None, None)


def test_an_owner_disables_a_webhook_for_a_while(house: House, anna: User, client: TestClient) -> None:
    webhook = make(client)

    answer = client.patch(f"/v1/webhooks/{webhook['id']}", json={"active": False}).json()

    assert (answer["status"], answer["disabled"]["code"]) == ("disabled", "by-owner")
    assert house.webhooks.of(anna.id).wanting(EventType.RECORDING_READY) == []


def test_a_removed_webhook_is_not_there_and_neither_are_its_deliveries(client: TestClient) -> None:
    webhook = make(client)
    path = f"/v1/webhooks/{webhook['id']}"
    delivery = client.post(f"{path}/test").json()["id"]

    removed = client.delete(path)

    assert removed.status_code == 204
    gone = [
        client.get(path),
        client.delete(path),
        client.patch(path, json={"active": True}),
        client.post(f"{path}/rotate"),
        client.post(f"{path}/test"),
        client.get(f"{path}/deliveries"),
        client.get(f"{path}/deliveries/{delivery}"),
        client.post(f"{path}/deliveries/{delivery}/replay"),
    ]
    assert {one.status_code for one in gone} == {404}


def test_a_secret_is_replaced_once_by_a_request_that_comes_twice(client: TestClient) -> None:
    webhook = make(client)
    path = f"/v1/webhooks/{webhook['id']}/rotate"

    first, again = (client.post(path, headers=KEY).json() for _ in range(2))
    second = client.post(path).json()

    assert first == again
    assert len({webhook["secret"], first["secret"], second["secret"]}) == 3
    assert first["former_until"] == "2026-11-22T12:00:00Z"


def test_a_test_message_is_on_its_way_once_for_a_request_that_comes_twice(house: House, client: TestClient) -> None:
    path = f"/v1/webhooks/{make(client)['id']}"

    first, again = (client.post(f"{path}/test", headers=KEY) for _ in range(2))
    other = client.post(f"{path}/test")

    assert {one.status_code for one in (first, again, other)} == {202}
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    assert (first.json()["event"], first.json()["status"]) == ("webhook.test", "pending")
    listed = client.get(f"{path}/deliveries").json()["items"]
    assert {one["id"] for one in listed} == {first.json()["id"], other.json()["id"]}
    # Told twice since nobody has tried it yet: the first request may have died before the queue knew.
    assert len(house.delivery_queue.waiting) == 3


def test_what_was_sent_is_listed_newest_first_in_pages_and_by_status(
    house: House, anna: User, client: TestClient
) -> None:
    webhook = make(client)["id"]
    made = [
        house.deliveries.add(
            a_delivery(
                owner_id=anna.id,
                webhook_id=webhook,
                created_at=NOON + number * HOUR,
                status=DeliveryStatus.FAILED if number % 2 else DeliveryStatus.DELIVERED,
                reason="attempts-exhausted" if number % 2 else "",
            )
        ).id
        for number in range(5)
    ]
    path = f"/v1/webhooks/{webhook}/deliveries"

    first = client.get(path, params={"limit": 2})
    second = client.get(first.headers["Link"].split(">")[0][1:]).json()
    before = house.library_table.calls.copy()
    failed = client.get(path, params={"status": "failed"}).json()["items"]

    assert [one["id"] for one in first.json()["items"] + second["items"]] == made[:0:-1]
    assert [(one["id"], one["reason"]) for one in failed] == [
        (made[3], "attempts-exhausted"),
        (made[1], "attempts-exhausted"),
    ]
    assert (house.library_table.calls - before).total() == 2
    assert client.get(path, params={"status": "lost"}).status_code == 422
    assert client.get(path, params={"cursor": "x"}).json()["code"] == "invalid-cursor"


def test_a_delivery_shows_what_was_sent_and_what_was_answered(house: House, anna: User, client: TestClient) -> None:
    webhook = make(client)["id"]
    attempt = Attempt(at=NOON, took_ms=120, status=500, answer="Ой.")
    delivery = a_delivery(owner_id=anna.id, webhook_id=webhook, attempts=1, last=attempt, due_at=NOON + HOUR)
    house.deliveries.add(delivery)

    shown = client.get(f"/v1/webhooks/{webhook}/deliveries/{delivery.id}").json()

    assert shown == {
        "id": delivery.id,
        "message_id": "msg_1",
        "event": "recording.ready",
        "status": "pending",
        "attempts": 1,
        "next_attempt_at": "2026-11-21T13:00:00Z",
        "last_attempt": {"at": "2026-11-21T12:00:00Z", "took_ms": 120, "status": 500, "error": None},
        "reason": None,
        "created_at": "2026-11-21T12:00:00Z",
        "body": {"type": "recording.ready", "timestamp": "2026-11-21T12:00:00+00:00", "data": {"id": "rec_1"}},
        "answer": "Ой.",
    }


def test_a_delivery_is_replayed_at_once(house: House, anna: User, client: TestClient) -> None:
    webhook = make(client)["id"]
    delivery = house.deliveries.add(
        a_delivery(
            owner_id=anna.id, webhook_id=webhook, status=DeliveryStatus.FAILED, attempts=10, reason="attempts-exhausted"
        )
    )

    answer = client.post(f"/v1/webhooks/{webhook}/deliveries/{delivery.id}/replay")

    body = answer.json()
    assert (answer.status_code, body["status"], body["attempts"], body["reason"]) == (202, "pending", 0, None)
    assert [turn.delivery_id for turn in house.delivery_queue.receive()] == [delivery.id]


def test_a_delivery_of_another_webhook_is_not_there(house: House, anna: User, client: TestClient) -> None:
    mine, other = make(client)["id"], make(client)["id"]
    of_bert = house.registry.add(a_webhook(), owner_id="usr_bert", idempotency_key=None).webhook
    delivery = house.deliveries.add(a_delivery(owner_id=anna.id, webhook_id=other))
    berts = house.deliveries.add(a_delivery(owner_id="usr_bert", webhook_id=of_bert.id))

    answers = [
        client.get(f"/v1/webhooks/{mine}/deliveries/{delivery.id}"),
        client.get(f"/v1/webhooks/{mine}/deliveries/{berts.id}"),
        client.get(f"/v1/webhooks/{of_bert.id}/deliveries/{berts.id}"),
        client.post(f"/v1/webhooks/{mine}/deliveries/{delivery.id}/replay"),
    ]

    assert {one.status_code for one in answers} == {404}


def test_a_webhook_costs_few_calls(house: House, anna: User, client: TestClient) -> None:
    costs = []
    for method in ("POST", "GET"):
        before = house.library_table.calls.copy()
        client.request(method, "/v1/webhooks", json={"url": URL})
        costs.append((house.library_table.calls - before).total())

    assert costs == [2, 1]
