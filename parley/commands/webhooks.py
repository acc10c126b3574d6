"""Webhooks: have what happens sent to a server of one's own."""

from typing import Final

import click

from parley.client import Api
from parley.commands.asking import make_sure
from parley.commands.options import InOrder, common_options, examples, limit_option, yes_option
from parley.errors import Failure
from parley.listing import answer_list
from parley.session import Session
from parley.show import moment, plain
from parley.tables import folded, whole
from parley.webhooks import Delivery, Webhook

WEBHOOKS: Final = (
    whole("ID", width=30),
    folded("URL"),
    folded("EVENTS"),
    whole("STATUS"),
    folded("TROUBLE"),
)
DELIVERIES: Final = (
    whole("ID", width=30),
    whole("EVENT"),
    whole("STATUS"),
    whole("TRIES", right=True),
    folded("LAST TRY"),
    whole("MADE"),
)
EVENTS: Final = (
    "recording.uploaded, recording.refused, recording.updated, recording.ready, recording.deleted, job.started, "
    "job.succeeded, job.failed, job.cancelled"
)
"""For the help text; what there really is, the server knows."""
LOOKS: Final = 25
"""At a test's outcome, one a second: longer than a receiver may take."""


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    short_help="Have what happens sent to a server of yours.",
    epilog=examples(
        "parley webhooks",
        "parley webhooks add https://example.org/parley --event recording.ready",
        "parley webhooks deliveries https://example.org/parley --status failed",
    ),
)
@common_options
@click.pass_context
def webhooks(context: click.Context) -> None:
    """List your webhooks, the newest first; make, test and remove them.

    A webhook is an address of yours that Parley sends a signed message to whenever something happens to your
    recordings. WEBHOOK is its id or its URL.
    """
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Session))


@webhooks.command(
    epilog=examples(
        "parley webhooks add https://example.org/parley",
        "parley webhooks add https://example.org/parley --event recording.ready --event job.failed > secret.txt",
    )
)
@click.argument("url", metavar="URL")
@click.option(
    "--event",
    "events",
    metavar="EVENT",
    multiple=True,
    help=f"What to send ({EVENTS}); can be given more than once. Without it: everything.",
)
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@common_options
@click.pass_obj
def add(session: Session, url: str, events: tuple[str, ...], description: str) -> None:
    """Have messages sent to URL.

    Prints the secret that verifies them, and nothing else, on standard output. It is shown this once.
    """
    with session.api() as api:
        made = api.make_webhook(url, events=events, description=description)
    session.say(f"Made the webhook {made.id}. Its secret is shown this once:")
    session.answer(made.raw, made.secret)


@webhooks.command(epilog=examples("parley webhooks test https://example.org/parley"))
@click.argument("which", metavar="WEBHOOK")
@common_options
@click.pass_obj
def test(session: Session, which: str) -> None:
    """Send a message that says nothing, and see what is answered.

    Ends with 1 if it is not taken.
    """
    with session.api() as api:
        webhook = _find(api, which)
        sent = api.test_webhook(webhook.id)
        for _ in range(LOOKS):
            if sent.is_over:
                break
            session.sleep(1)
            sent = api.delivery(webhook.id, sent.id)
    if not sent.is_over:
        raise Failure(f"Nobody has sent it yet. See: parley webhooks deliveries {webhook.id}")
    if sent.status != "delivered":
        raise Failure(f"{webhook.url} did not take it: {sent.outcome}")
    session.answer(sent.raw, f"Delivered: {plain(sent.outcome)}")


@webhooks.command(
    epilog=examples(
        "parley webhooks deliveries https://example.org/parley",
        "parley webhooks deliveries whk_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF --status failed --json | jq -r '.items[].id'",
    )
)
@click.argument("which", metavar="WEBHOOK")
@click.option("--status", type=click.Choice(["pending", "delivered", "failed"]), help="Only those.")
@limit_option
@common_options
@click.pass_obj
def deliveries(session: Session, which: str, status: str | None, limit: int) -> None:
    """List what was sent to a webhook, the newest first."""
    with session.api() as api:
        webhook = _find(api, which)
        found, cursor = api.deliveries(webhook.id, limit=limit, status=status)
    answer_list(
        session,
        found,
        cursor,
        columns=DELIVERIES,
        cells=_delivery_cells,
        empty="Nothing was sent to it yet.",
        more=f"--limit {limit * 5}",
    )


@webhooks.command(epilog=examples("parley webhooks replay https://example.org/parley dlv_ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
@click.argument("which", metavar="WEBHOOK")
@click.argument("delivery_id", metavar="DELIVERY")
@common_options
@click.pass_obj
def replay(session: Session, which: str, delivery_id: str) -> None:
    """Send a message to a webhook once more, now."""
    with session.api() as api:
        replayed = api.replay_delivery(_find(api, which).id, delivery_id)
    session.say(f"{plain(replayed.event)} is on its way again.")
    if session.as_json:
        session.answer(replayed.raw, "")


@webhooks.command(epilog=examples("parley webhooks rotate https://example.org/parley > secret.txt"))
@click.argument("which", metavar="WEBHOOK")
@common_options
@click.pass_obj
def rotate(session: Session, which: str) -> None:
    """Give a webhook a new secret; the old one works beside it for a day.

    Prints the new secret, and nothing else, on standard output. It is shown this once.
    """
    with session.api() as api:
        made = api.rotate_webhook(_find(api, which).id)
    session.say("The new secret is shown this once; the old one works for another day:")
    session.answer(made.raw, made.secret)


@webhooks.command(epilog=examples("parley webhooks enable https://example.org/parley"))
@click.argument("which", metavar="WEBHOOK")
@common_options
@click.pass_obj
def enable(session: Session, which: str) -> None:
    """Send to a webhook again that was disabled."""
    with session.api() as api:
        webhook = api.enable_webhook(_find(api, which).id)
    session.say(f"{plain(webhook.url)} is told what happens from now on.")
    if session.as_json:
        session.answer(webhook.raw, "")


@webhooks.command(
    epilog=examples(
        "parley webhooks rm https://example.org/parley",
        "parley webhooks rm --yes whk_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF",
    )
)
@click.argument("which", metavar="WEBHOOK")
@yes_option
@common_options
@click.pass_obj
def rm(session: Session, which: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Remove a webhook: nothing more is sent to it."""
    with session.api() as api:
        webhook = _find(api, which)
        if not yes:
            make_sure(f"Remove the webhook {plain(webhook.url)}?")
        api.remove_webhook(webhook.id)
    session.say(f"Removed the webhook {plain(webhook.url)}.")


def _list(session: Session) -> None:
    with session.api() as api:
        found = api.webhooks()
    answer_list(
        session,
        found,
        None,
        columns=WEBHOOKS,
        cells=_webhook_cells,
        empty="No webhooks yet. Make one with: parley webhooks add URL",
        more="",
    )


def _webhook_cells(one: Webhook) -> tuple[str, ...]:
    return one.id, one.url, ", ".join(one.events) or "all", one.status, one.trouble


def _delivery_cells(one: Delivery) -> tuple[str, ...]:
    return one.id, one.event, one.status, str(one.attempts), one.outcome, moment(one.created_at)


def _find(api: Api, which: str) -> Webhook:
    """Find the one webhook that is meant."""
    found = [one for one in api.webhooks() if which in {one.id, one.url}]
    if not found:
        raise Failure(f"There is no webhook {which}. See: parley webhooks")
    if len(found) > 1:
        raise Failure(f"More than one webhook has this URL; say which by its id: {', '.join(one.id for one in found)}")
    return found[0]
