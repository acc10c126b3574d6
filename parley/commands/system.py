"""What the server can, and how it is."""

from typing import Final

import click

from parley.commands.options import common_options, examples
from parley.errors import Failure
from parley.session import Session
from parley.show import plain, size_of
from parley.system import Check, Model
from parley.tables import folded, print_table, whole

MODELS: Final = (
    whole("NAME", width=17),
    whole("PARAMETERS", right=True),
    whole("MEMORY", right=True),
    whole("ON A GPU", right=True),
    whole("SPEED", right=True),
    whole("LANGUAGES", right=True),
    whole("ON DISK"),
    folded("ADVICE", width=12),
)
REDRIVEN: Final = ("uploads", "changes", "webhooks")
ON_DISK: Final = {True: "yes", False: "no", None: "unknown"}


@click.command(
    epilog=examples(
        "parley models",
        "parley models --json | jq -r '.items[] | select(.on_disk) | .name'",
    )
)
@common_options
@click.pass_obj
def models(session: Session) -> None:
    """Show the speech models, to choose one.

    The one marked * transcribes where no other is asked for. SPEED is relative to large-v3 on the same machine; one
    that is not ON DISK is downloaded when it is needed first.
    """
    with session.guest() as api:
        found = api.models()
    if session.as_json:
        session.answer({"items": [model.raw for model in found.table]}, "")
        return
    print_table(MODELS, map(_cells, found.table))
    if any(model.is_default for model in found.table):
        session.say("* transcribes where no other is asked for.")
    elif found.running:
        session.say(f"Where no other is asked for, {plain(found.running)} transcribes.")


@click.command(
    epilog=examples(
        "parley check",
        "parley check --json | jq -r '.checks[] | select(.ok | not) | .detail'",
        "parley check || echo 'somebody must look at it'",
        "parley check --redrive uploads",
    )
)
@click.option("--redrive", type=click.Choice(REDRIVEN), help="Have dead letters of this kind tried again instead.")
@common_options
@click.pass_obj
def check(session: Session, redrive: str | None) -> None:
    """Check that all is well: workers, model, queues, errors.

    Ends with 1 if anything is not. Only admins may ask.
    """
    with session.api() as api:
        if redrive is not None:
            asked = api.redrive(redrive)
            session.answer(asked.raw, _asked(redrive, asked.messages))
            return
        found = api.check_system()
    session.answer(found.raw, "\n".join(map(_line, found.checks)))
    if not found.is_ok:
        problems = sum(not one.is_ok for one in found.checks)
        raise Failure(f"{problems} of {len(found.checks)} checks found a problem.")


def _cells(model: Model) -> tuple[str, ...]:
    return (
        f"{model.name} *" if model.is_default else model.name,
        model.parameters,
        size_of(model.memory_mb * 10**6),
        size_of(model.gpu_memory_mb * 10**6),
        f"{model.speed:g}x",
        str(model.languages),
        ON_DISK[model.on_disk],
        model.advice,
    )


def _asked(queue: str, messages: int) -> str:
    if not messages:
        return f"There are no dead {queue}."
    return f"Dead {queue} that are tried again: {messages}. See what came of it with: parley check"


def _line(one: Check) -> str:
    detail = " ".join(plain(one.detail).split())
    return f"{'ok' if one.is_ok else 'PROBLEM':7}  {plain(one.name)}: {detail}"
