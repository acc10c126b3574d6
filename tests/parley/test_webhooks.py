import json

import pytest

from tests.parley.fake_webhooks import FakeWebhooks
from tests.parley.terminal import Terminal

URL = "https://example.org/parley"


@pytest.fixture
def known(terminal: Terminal) -> FakeWebhooks:
    return terminal.state.webhooks


def add(terminal: Terminal, url: str = URL, *options: str) -> str:
    """Make a webhook and return its id."""
    assert terminal.type("webhooks", "add", url, *options).exit_code == 0
    return list(terminal.state.webhooks.made)[-1]


def test_the_secret_of_a_new_webhook_is_all_there_is_on_stdout(terminal: Terminal, known: FakeWebhooks) -> None:
    result = terminal.type(
        "webhooks", "add", URL, "--event", "recording.ready", "--event", "job.failed", "--description", "Наш"
    )

    assert result.exit_code == 0
    assert result.stdout == "whsec_whk_0\n"
    assert "whk_0" in result.stderr
    assert known.made["whk_0"]["events"] == ["recording.ready", "job.failed"]
    assert known.made["whk_0"]["description"] == "Наш"


def test_a_webhook_is_told_everything_where_nothing_is_named(terminal: Terminal, known: FakeWebhooks) -> None:
    add(terminal)

    assert known.made["whk_0"]["events"] == []
    assert " all " in terminal.type("webhooks").stdout


def test_a_url_that_cannot_be_used_is_the_servers_to_refuse(terminal: Terminal) -> None:
    result = terminal.type("webhooks", "add", "http://example.org/")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "The URL must begin with https://." in result.stderr


def test_webhooks_are_listed_with_their_trouble(terminal: Terminal, known: FakeWebhooks) -> None:
    add(terminal)
    webhook = add(terminal, f"{URL}/2")
    gone = {"code": "gone", "detail": "The receiver answered 410 Gone.", "at": "2026-11-21T09:00:00Z"}
    known.made[webhook] |= {"status": "disabled", "disabled": gone}

    lines = terminal.type("webhooks").stdout.splitlines()

    assert lines[0].split() == ["ID", "URL", "EVENTS", "STATUS", "TROUBLE"]
    assert lines[1].split(maxsplit=4) == [webhook, f"{URL}/2", "all", "disabled", "The receiver answered 410 Gone."]
    assert lines[2].split() == ["whk_0", URL, "all", "active"]
    assert [one["id"] for one in terminal.type_for_json("webhooks", "--json")["items"]] == [webhook, "whk_0"]


def test_no_webhooks_say_how_to_make_one(terminal: Terminal) -> None:
    result = terminal.type("webhooks")

    assert (result.stdout, result.exit_code) == ("", 0)
    assert "parley webhooks add URL" in result.stderr


def test_a_test_says_what_was_answered(terminal: Terminal, known: FakeWebhooks) -> None:
    add(terminal)
    attempt = {"at": "2026-11-21T09:00:00Z", "took_ms": 120, "status": 204, "error": None}
    known.outcomes = [{}, {"status": "delivered", "attempts": 1, "last_attempt": attempt}]

    result = terminal.type("webhooks", "test", URL)

    assert (result.exit_code, result.stdout) == (0, "Delivered: 204 in 120 ms\n")
    assert terminal.pauses == [1, 1]


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        ({"took_ms": 5, "status": 500, "error": None}, "did not take it: 500 in 5 ms"),
        ({"took_ms": 5, "status": None, "error": "The host's name has no address."}, "has no address."),
    ],
)
def test_a_test_that_is_not_taken_fails(
    terminal: Terminal, known: FakeWebhooks, attempt: dict[str, object], said: str
) -> None:
    add(terminal)
    known.outcomes = [{"status": "failed", "last_attempt": attempt}]

    result = terminal.type("webhooks", "test", "whk_0")

    assert result.exit_code == 1
    assert said in result.stderr


def test_a_test_that_nobody_sends_is_not_waited_for_for_ever(terminal: Terminal) -> None:
    add(terminal)

    result = terminal.type("webhooks", "test", "whk_0")

    assert result.exit_code == 1
    assert "parley webhooks deliveries whk_0" in result.stderr
    assert len(terminal.pauses) == 25


def test_deliveries_are_listed_and_chosen_by_their_status(terminal: Terminal, known: FakeWebhooks) -> None:
    webhook = add(terminal)
    for number in range(5):
        attempt = {"took_ms": 7, "status": 500, "error": None}
        known.deliver(webhook, "job.failed", status="failed" if number % 2 else "delivered", last_attempt=attempt)

    everything = terminal.type("webhooks", "deliveries", URL, TZ="UTC").stdout.splitlines()
    failed = terminal.type_for_json("webhooks", "deliveries", URL, "--status", "failed", "--json")
    few = terminal.type("webhooks", "deliveries", URL, "--limit", "2")

    assert everything[0].split() == ["ID", "EVENT", "STATUS", "TRIES", "LAST", "TRY", "MADE"]
    assert " ".join(everything[1].split()) == "dlv_4 job.failed delivered 0 500 in 7 ms 2026-11-21 09:00"
    assert len(everything) == 6
    assert [one["id"] for one in failed["items"]] == ["dlv_3", "dlv_1"]
    assert "--limit 10" in few.stderr


def test_a_delivery_is_replayed(terminal: Terminal, known: FakeWebhooks) -> None:
    webhook = add(terminal)
    known.deliver(webhook, "job.failed", status="failed", attempts=10)

    result = terminal.type("webhooks", "replay", URL, "dlv_0")

    assert (result.exit_code, known.deliveries[webhook][0]["status"]) == (0, "pending")
    assert "job.failed is on its way again." in result.stderr
    assert terminal.type("webhooks", "replay", URL, "dlv_9").exit_code == 1


def test_a_replaced_secret_is_all_there_is_on_stdout(terminal: Terminal) -> None:
    add(terminal)

    assert terminal.type("webhooks", "rotate", URL).stdout == "whsec_new\n"


def test_a_disabled_webhook_is_enabled_again(terminal: Terminal, known: FakeWebhooks) -> None:
    webhook = add(terminal)
    known.made[webhook]["status"] = "disabled"

    shown = terminal.type_for_json("webhooks", "enable", webhook, "--json")

    assert shown["status"] == known.made[webhook]["status"] == "active"


def test_a_webhook_is_removed_if_that_is_meant(terminal: Terminal, known: FakeWebhooks) -> None:
    add(terminal)

    no = terminal.type("webhooks", "rm", URL, stdin="n\n")
    yes = terminal.type("webhooks", "rm", URL, stdin="y\n")

    assert (no.exit_code, yes.exit_code) == (1, 0)
    assert known.made == {}
    assert "There is no webhook" in terminal.type("webhooks", "rm", "--yes", URL).stderr


def test_a_url_of_two_webhooks_names_none(terminal: Terminal) -> None:
    first, second = add(terminal), add(terminal)

    result = terminal.type("webhooks", "rm", "--yes", URL)

    assert result.exit_code == 1
    assert f"{second}, {first}" in result.stderr


def test_a_server_that_is_busy_is_asked_again_and_makes_one_webhook(terminal: Terminal, known: FakeWebhooks) -> None:
    terminal.state.unavailable = 1

    result = terminal.type("webhooks", "add", URL, "--json")

    assert json.loads(result.stdout)["id"] == "whk_0"
    assert len(known.made) == 1
