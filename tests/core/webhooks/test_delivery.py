"""Deliveries from the queue to the receiver, over fakes and a clock that stands still."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from functions.core.errors import NotFound
from functions.core.keys.ring import KeyRing
from functions.core.keys.secret_provider import SecretProvider
from functions.core.repeats import Repeats
from functions.core.table import Changed
from functions.core.webhooks.delivery import Deliverer
from functions.core.webhooks.events import payload_of
from functions.core.webhooks.model import (
    KEPT_FOR,
    LEASE,
    PATIENCE,
    Delivery,
    DeliveryStatus,
    Endpoint,
    WebhookStatus,
)
from functions.core.webhooks.outbox import Outbox
from functions.core.webhooks.queue import Turn
from functions.core.webhooks.registry import Registry
from functions.core.webhooks.schedule import PAUSES
from functions.core.webhooks.sending import Answer, NoAnswer
from functions.core.webhooks.store import Deliveries, Secrets, Webhooks
from tests.fakes.clock import FakeClock
from tests.fakes.table import FakeTable
from tests.fakes.webhooks import FakeDeliveryQueue, FakeReceiver
from tests.webhook_builders import a_webhook

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
OWNER = "usr_anna"
BROKEN = Answer(status=500, text="Oops.")


@dataclass
class Post:
    """The whole way from the outbox to a receiver."""

    clock: FakeClock = field(default_factory=FakeClock)
    table: FakeTable = field(default_factory=FakeTable)
    receiver: FakeReceiver = field(default_factory=FakeReceiver)

    def __post_init__(self) -> None:
        ring = KeyRing(FakeTable(), SecretProvider("x" * 32), clock=self.clock)
        repeats = Repeats(self.table, clock=self.clock)
        self.queue = FakeDeliveryQueue(self.clock)
        self.webhooks, self.secrets = Webhooks(self.table, clock=self.clock), Secrets(self.table, ring)
        self.deliveries = Deliveries(self.table)
        self.outbox = Outbox(self.deliveries, repeats, self.queue, clock=self.clock)
        self.registry = Registry(self.webhooks, self.secrets, repeats, clock=self.clock)
        self.deliverer = Deliverer(
            webhooks=self.webhooks,
            secrets=self.secrets,
            deliveries=self.deliveries,
            queue=self.queue,
            sender=self.receiver,
            clock=self.clock,
            chance=lambda: 0.0,
        )

    def registered(self, url: str = "https://example.com/") -> Endpoint:
        return self.registry.add(a_webhook(url=url), owner_id=OWNER, idempotency_key=None).webhook

    def letter(self, webhook: Endpoint, message_id: str = "msg_1") -> Delivery:
        payload = payload_of("recording.ready", "2026-11-21T12:00:00Z", {"id": "rec_1"})
        return self.outbox.letter(webhook, OWNER, message_id=message_id, event_type="recording.ready", payload=payload)

    def posted(self, webhook: Endpoint, message_id: str = "msg_1") -> Delivery:
        letter = self.letter(webhook, message_id)
        self.outbox.post([letter])
        return letter

    def pass_time(self, time: timedelta) -> None:
        """Let time pass, and do whatever falls due meanwhile."""
        end = self.clock() + time
        self.work()
        while due := [at for at, _ in self.queue.waiting if at <= end.timestamp()]:
            self.clock.pass_time(datetime.fromtimestamp(min(due), UTC) - self.clock())
            self.work()
        self.clock.pass_time(end - self.clock())

    def work(self) -> None:
        while turns := self.queue.receive():
            for turn in turns:
                self.deliverer.take(turn)

    def now(self, delivery: Delivery) -> Delivery:
        found = self.deliveries.find(delivery.id)
        assert found is not None
        return found

    def webhook(self, webhook: Endpoint) -> Endpoint:
        return self.webhooks.of(OWNER).get(webhook.id)


@pytest.fixture
def post() -> Post:
    return Post()


def test_a_message_is_delivered_with_a_signature_that_its_receiver_verifies(post: Post) -> None:
    made = post.registry.add(a_webhook(), owner_id=OWNER, idempotency_key=None)
    post.clock.pass_time(datetime.now(UTC) - post.clock())  # the package knows no other clock
    letter = post.posted(made.webhook)

    post.work()

    (posted,) = post.receiver.posted
    assert Webhook(made.secrets.newest).verify(posted.body, dict(posted.headers)) == json.loads(letter.payload)
    assert (posted.url, posted.headers["webhook-id"]) == (made.webhook.url, "msg_1")
    assert post.now(letter).status is DeliveryStatus.DELIVERED
    assert post.webhook(made.webhook).last_success_at == post.clock()
    assert post.queue.waiting == []


def test_a_receiver_that_never_takes_it_is_asked_by_the_schedule_and_then_no_more(post: Post) -> None:
    post.receiver.script = [BROKEN] * 20
    tried: list[timedelta] = []
    start = post.clock()
    post.receiver.on_post = lambda: tried.append(post.clock() - start)
    letter = post.posted(post.registered())

    post.pass_time(10 * DAY)

    assert [after - before for before, after in pairwise(tried)] == list(PAUSES)
    given_up = post.now(letter)
    assert (given_up.status, given_up.reason, given_up.attempts) == (
        DeliveryStatus.FAILED,
        "attempts-exhausted",
        len(PAUSES) + 1,
    )
    assert given_up.last is not None
    assert (given_up.last.status, given_up.last.answer) == (500, "Oops.")
    assert len({posted.headers["webhook-id"] for posted in post.receiver.posted}) == 1
    assert len({posted.headers["webhook-timestamp"] for posted in post.receiver.posted}) == len(tried)


def test_a_receiver_that_fails_twice_has_it_at_the_third_try(post: Post) -> None:
    post.receiver.script = [NoAnswer("timed-out", "There was no answer."), BROKEN]
    webhook = post.registered()
    letter = post.posted(webhook)

    post.work()
    waiting = post.now(letter)
    post.pass_time(HOUR)

    assert waiting.last is not None
    assert (waiting.status, waiting.last.status, waiting.last.error) == (
        DeliveryStatus.PENDING,
        None,
        "There was no answer.",
    )
    assert (post.now(letter).status, post.now(letter).attempts) == (DeliveryStatus.DELIVERED, 3)
    assert post.webhook(webhook).failing_since is None
    assert post.webhook(webhook).last_failure is not None
    assert len(post.receiver.posted) == 3


def test_a_receiver_says_how_long_it_wants_to_be_left_alone(post: Post) -> None:
    post.receiver.script = [Answer(status=429, retry_after="3600")]
    letter = post.posted(post.registered())

    post.work()

    assert post.now(letter).due_at - post.clock() == HOUR
    # SQS holds nothing back for an hour: the message goes round, and nothing is sent before its time.
    post.pass_time(HOUR - SECOND)
    assert len(post.receiver.posted) == 1
    post.pass_time(SECOND)
    assert post.now(letter).status is DeliveryStatus.DELIVERED


def test_a_redirect_is_a_failure(post: Post) -> None:
    post.receiver.script = [Answer(status=302)]
    letter = post.posted(post.registered())

    post.work()

    assert post.now(letter).status is DeliveryStatus.PENDING


def test_a_receiver_that_is_gone_is_told_nothing_more(post: Post) -> None:
    post.receiver.script = [BROKEN, Answer(status=410)]
    webhook = post.registered()
    first, second = post.posted(webhook, "msg_1"), post.posted(webhook, "msg_2")

    post.pass_time(HOUR)

    gone = post.webhook(webhook)
    assert (gone.status, gone.disabled and gone.disabled.code) == (WebhookStatus.DISABLED, "gone")
    assert {(post.now(one).status, post.now(one).reason) for one in (first, second)} == {
        (DeliveryStatus.FAILED, "webhook-disabled")
    }
    assert len(post.receiver.posted) == 2
    assert post.queue.waiting == []


def test_only_after_days_of_nothing_but_failures_a_webhook_is_disabled(post: Post) -> None:
    post.receiver.script = [BROKEN] * 1000
    webhook = post.registered()
    start = post.clock()
    for number in range(20):
        post.posted(webhook, f"msg_{number}")
        post.pass_time(12 * HOUR)

    disabled = post.webhook(webhook).disabled
    assert disabled is not None
    assert (disabled.code, PATIENCE <= disabled.at - start < PATIENCE + DAY) == ("failing", True)
    assert "The receiver answered 500." in disabled.detail


def test_one_success_among_failures_keeps_a_webhook(post: Post) -> None:
    webhook = post.registered()
    for day in range(14):
        post.receiver.script = [BROKEN] * (1 if day % 4 else 0)
        post.posted(webhook, f"msg_{day}")
        post.pass_time(DAY)

    assert post.webhook(webhook).status is WebhookStatus.ACTIVE


def test_failures_far_apart_with_nothing_between_them_disable_nothing(post: Post) -> None:
    webhook = post.registered()
    post.receiver.script = [BROKEN] * 1000
    for number in range(5):
        post.posted(webhook, f"msg_{number}")
        post.work()
        post.queue.waiting.clear()
        post.clock.pass_time(6 * DAY)

    assert post.webhook(webhook).status is WebhookStatus.ACTIVE


def test_a_message_waiting_for_a_webhook_that_is_removed_is_not_sent(post: Post) -> None:
    post.receiver.script = [BROKEN]
    webhook = post.registered()
    letter = post.posted(webhook)
    post.work()

    post.webhooks.remove(OWNER, webhook.id)
    post.pass_time(HOUR)

    assert (post.now(letter).status, post.now(letter).reason) == (DeliveryStatus.FAILED, "webhook-removed")
    assert len(post.receiver.posted) == 1
    with pytest.raises(NotFound):
        post.secrets.of(webhook.id)


def test_a_webhook_that_is_removed_while_it_is_sent_to_ends_its_delivery(post: Post) -> None:
    webhook = post.registered()
    letter = post.posted(webhook)
    post.receiver.on_post = lambda: post.webhooks.remove(OWNER, webhook.id)

    post.work()

    assert post.now(letter).reason == "webhook-removed"


def test_what_is_replayed_is_sent_again_at_once_and_as_often_as_at_first(post: Post) -> None:
    webhook = post.registered()
    post.receiver.script = [BROKEN] * 11
    letter = post.posted(webhook)
    post.pass_time(4 * DAY)
    assert post.now(letter).status is DeliveryStatus.FAILED
    post.webhooks.change(post.webhooks.of(OWNER), webhook.id, Endpoint.resumed)

    replayed = post.outbox.replay(webhook, post.now(letter))
    post.work()

    assert (replayed.status, replayed.until) == (DeliveryStatus.PENDING, post.clock() + KEPT_FOR)
    assert post.now(letter).due_at == post.clock() + PAUSES[0]
    post.pass_time(HOUR)
    assert post.now(letter).status is DeliveryStatus.DELIVERED
    assert {posted.headers["webhook-id"] for posted in post.receiver.posted} == {"msg_1"}


def test_a_replay_takes_the_place_of_the_try_that_was_to_come(post: Post) -> None:
    webhook = post.registered()
    post.receiver.script = [BROKEN, BROKEN]
    letter = post.posted(webhook)
    post.pass_time(6 * SECOND)
    assert post.now(letter).attempts == 2

    post.outbox.replay(webhook, post.now(letter))
    post.pass_time(DAY)

    assert len(post.receiver.posted) == 3
    assert post.queue.waiting == []


def test_who_is_sent_to_right_now_is_not_sent_to_twice_by_a_replay(post: Post) -> None:
    webhook = post.registered()
    letter = post.posted(webhook)
    post.receiver.on_post = lambda: post.outbox.replay(webhook, post.now(letter))

    post.pass_time(HOUR)

    assert len(post.receiver.posted) == 1


def test_a_try_that_was_never_finished_is_made_again_when_its_lease_is_over(post: Post) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    letter = post.posted(post.registered())
    (turn,) = post.queue.receive()
    post.receiver.on_post = die
    with pytest.raises(KeyboardInterrupt):
        post.deliverer.take(turn)
    post.receiver.on_post = lambda: None

    post.deliverer.take(turn)
    assert len(post.receiver.posted) == 1
    post.pass_time(LEASE)

    assert (post.now(letter).status, len(post.receiver.posted)) == (DeliveryStatus.DELIVERED, 2)


class BreakingQueue(FakeDeliveryQueue):
    is_broken = False

    def send(self, turns: Sequence[Turn]) -> None:
        if self.is_broken:
            raise ConnectionError
        super().send(turns)


def test_a_next_try_that_nobody_could_be_told_of_is_told_when_the_message_comes_again(post: Post) -> None:
    post.receiver.script = [BROKEN]
    letter = post.posted(post.registered())
    (turn,) = post.queue.receive()
    broken = BreakingQueue(post.clock)
    broken.is_broken = True
    post.deliverer._queue = broken
    with pytest.raises(ConnectionError):
        post.deliverer.take(turn)
    post.deliverer._queue = post.queue

    post.deliverer.take(turn)
    post.pass_time(HOUR)

    assert (post.now(letter).status, len(post.receiver.posted)) == (DeliveryStatus.DELIVERED, 2)


def test_who_loses_the_race_for_a_delivery_does_not_send_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = post.posted(post.registered())
    (turn,) = post.queue.receive()
    save = post.deliveries.save

    def overtaken(delivery: Delivery) -> Delivery:
        monkeypatch.undo()
        post.deliverer.take(turn)
        with pytest.raises(Changed):
            save(delivery)
        raise Changed

    monkeypatch.setattr(post.deliveries, "save", overtaken)
    post.deliverer.take(turn)
    post.pass_time(HOUR)

    assert (post.now(letter).status, len(post.receiver.posted)) == (DeliveryStatus.DELIVERED, 1)


def test_a_message_of_a_delivery_that_is_not_there_says_nothing(post: Post) -> None:
    post.deliverer.take(Turn(delivery_id="dlv_1", owner_id=OWNER, number=0))

    assert post.queue.waiting == []


def test_a_secret_is_neither_stored_in_clear_nor_logged(post: Post) -> None:
    with capture_logs() as lines:
        made = post.registry.add(a_webhook(), owner_id=OWNER, idempotency_key=None)
        post.posted(made.webhook)
        post.work()

    said = repr((post.table.documents, lines, made))
    assert made.secrets.newest not in said
    assert made.secrets.newest.removeprefix("whsec_") not in said


def test_a_busy_webhook_is_not_written_with_every_message(post: Post) -> None:
    webhook = post.registered()
    for number in range(10):
        post.posted(webhook, f"msg_{number}")
    version = post.webhooks.of(OWNER).version

    post.work()

    assert post.webhooks.of(OWNER).version == version + 1
    assert len(post.receiver.posted) == 10


def test_an_owner_is_forgotten_with_all_that_was_told(post: Post) -> None:
    webhook, removed = post.registered(), post.registered()
    other = post.registry.add(a_webhook(), owner_id="usr_bert", idempotency_key=None).webhook
    for number in range(105):
        post.posted(webhook, f"msg_{number}")
    post.posted(removed)
    post.webhooks.remove(OWNER, removed.id)

    for _ in range(2):
        post.webhooks.forget_owner(OWNER)

    assert set(post.table.documents) == {"WEBHOOKS#usr_bert", f"WEBHOOK_SECRET#{other.id}"}


Step = Callable[[Post, Endpoint], object]
STEPS: dict[str, Step] = {
    "tell": lambda post, webhook: post.posted(webhook),
    "tell again": lambda post, webhook: post.outbox.post([post.letter(webhook)]),
    "work": lambda post, _: post.work(),
    "repeat": lambda post, _: post.queue.waiting.extend(post.queue.waiting),
    "wait": lambda post, _: post.pass_time(6 * SECOND),
    "wait long": lambda post, _: post.pass_time(HOUR),
}


@settings(max_examples=50)
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=12), failures=st.integers(0, 3))
def test_however_often_a_message_is_told_each_webhook_takes_it_once(steps: list[str], failures: int) -> None:
    post = Post()
    webhooks = [post.registered(f"https://{name}.example.com/") for name in ("one", "other")]
    post.receiver.script = [BROKEN] * failures
    for step in [*steps, "tell"]:
        for webhook in webhooks:
            STEPS[step](post, webhook)
        post.queue.waiting = post.queue.waiting[:50]
    post.pass_time(DAY)

    tries = Counter(posted.url for posted in post.receiver.posted)
    assert set(tries) == {webhook.url for webhook in webhooks}
    assert tries.total() == 2 + failures
    assert post.queue.waiting == []
    assert {post.now(post.letter(one)).status for one in webhooks} == {DeliveryStatus.DELIVERED}
