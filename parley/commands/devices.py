"""Devices that take part in calls, and the numbers by which two people know that nobody is between them."""

from typing import Final

import click

from parley.calls.answers import RegisteredDevice
from parley.commands.asking import make_sure
from parley.commands.contacts import find_contact
from parley.commands.options import InOrder, common_options, examples, yes_option
from parley.errors import Failure
from parley.listing import answer_list
from parley.session import Session
from parley.show import moment, plain
from parley.tables import whole

DEVICES: Final = (whole("ID", width=30), whole("ADDED"), whole("HERE"))


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    short_help="See which of your devices take part in calls.",
    epilog=examples("parley devices", "parley devices rm dev_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF"),
)
@common_options
@click.pass_context
def devices(context: click.Context) -> None:
    """List your devices, each with keys of its own; remove those that you have no more.

    A device is a browser or a terminal that calls or answers. You can have five.
    """
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Session))


@devices.command(epilog=examples("parley devices rm dev_01JD3Z6Q4B2VJ6V5T6X0Q2M8AF"))
@click.argument("device_id", metavar="DEVICE")
@yes_option
@common_options
@click.pass_obj
def rm(session: Session, device_id: str, yes: bool) -> None:  # noqa: FBT001 - click calls it
    """Remove a device: it is not called any more, and takes part in no call."""
    if not yes:
        make_sure(f"Remove the device {plain(device_id)}?")
    with session.api() as api:
        api.remove_device(device_id)
    session.say(f"Removed the device {plain(device_id)}.")


@click.command(
    "safety-number",
    short_help="Make sure that nobody is in between.",
    epilog=examples("parley safety-number 12345678", "parley safety-number 12345678 --verified"),
)
@click.argument("whom", metavar="WHOM")
@click.option("--verified", is_flag=True, help="Remember that you have compared it with them.")
@common_options
@click.pass_obj
def safety_number(session: Session, whom: str, verified: bool) -> None:  # noqa: FBT001 - click calls it
    """Show the number that you and a contact compare, by voice or in person.

    Both of you see the same sixty digits, or somebody is between you. They change when one of you gets or loses a
    device.
    """
    from parley.calls.keys import open_keyring  # noqa: PLC0415 - a tenth of a second that nobody else waits for

    with session.api() as api:
        unique_id = find_contact(api.contacts(), whom)
        keyring = open_keyring(session, api)
        peers, sight = keyring.person(api, unique_id)
    if not peers:
        raise Failure(f"{plain(whom)} has no device yet, and so no safety number.")
    if sight.lost_mark:
        session.say(f"The keys of {plain(whom)} have changed since you compared the number.")
    if verified:
        keyring.pins.mark_verified(unique_id)
        keyring.save_pins()
    is_verified = keyring.pins.is_verified(unique_id)
    if is_verified:
        session.say(f"You have compared it with {plain(whom)}.")
    number = keyring.safety_number(unique_id)
    session.answer({"unique_id": unique_id, "safety_number": number, "verified": is_verified}, _folded(number))


def _folded(number: str) -> str:
    groups = number.split()
    return "\n".join(" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4))


def _list(session: Session) -> None:
    from parley.calls.keys import own_device_id  # noqa: PLC0415 - as above

    with session.api() as api:
        unique_id = api.unique_id()
        found = api.devices(unique_id)
    here = own_device_id(session, unique_id)

    def cells(one: RegisteredDevice) -> tuple[str, ...]:
        return one.id, moment(one.added_at), "this one" if one.id == here else ""

    answer_list(
        session,
        found,
        None,
        columns=DEVICES,
        cells=cells,
        empty="No devices yet. The first `parley call` or `parley answer` makes this one.",
        more="",
    )
