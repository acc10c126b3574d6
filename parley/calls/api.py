"""The part of the HTTP API that is about contacts, devices and calls."""

from collections.abc import Mapping
from typing import Any

from parley.calls.answers import (
    Blocked,
    Contact,
    IceAnswer,
    LoggedCall,
    RegisteredDevice,
    TrackUpload,
    read_blocked,
    read_contact,
    read_device,
    read_ice,
    read_logged_call,
    read_track_upload,
)
from parley.realtime.ticket import Ticket
from parley.transport import Transport, once, segment, understanding


class CallCalls(Transport):
    """What can be asked about whom one may call, and about calls."""

    def unique_id(self) -> str:
        """Return the number of the credential's owner."""
        response = self._ask("GET", "/v1/auth/me")
        with understanding(response):
            return str(response.json()["unique_id"])

    # Contacts

    def contacts(self) -> list[Contact]:
        """Return those who are shown to an API key: all but secret ones."""
        return self._list("/v1/contacts", read_contact)[0]

    def ask_contact(self, unique_id: str, *, label: str | None, introduced_as: str | None, is_secret: bool) -> Contact:
        """Ask somebody whether you may call each other."""
        body = {"unique_id": unique_id, "secret": is_secret} | _named(label, introduced_as)
        response = self._ask("POST", "/v1/contacts", json=body, headers=once())
        with understanding(response):
            return read_contact(response.json())

    def confirm_contact(
        self, unique_id: str, *, label: str | None, introduced_as: str | None, is_secret: bool
    ) -> Contact:
        """Confirm somebody's request; a secret one stays secret."""
        body: dict[str, Any] = _named(label, introduced_as) | ({"secret": True} if is_secret else {})
        response = self._ask("POST", f"{_contact(unique_id)}/confirm", json=body, headers=once())
        with understanding(response):
            return read_contact(response.json())

    def change_contact(self, unique_id: str, change: Mapping[str, Any]) -> Contact:
        """Change what somebody is called, and whether they are secret."""
        response = self._ask("PATCH", _contact(unique_id), json=change)
        with understanding(response):
            return read_contact(response.json())

    def decline_contact(self, unique_id: str) -> None:
        """Decline somebody's request."""
        self._ask("POST", f"{_contact(unique_id)}/decline", headers=once())

    def remove_contact(self, unique_id: str) -> None:
        """Remove a contact, or take a request back."""
        self._ask("DELETE", _contact(unique_id))

    def block(self, unique_id: str) -> None:
        """Hear nothing more of somebody."""
        self._ask("POST", f"{_contact(unique_id)}/block", headers=once())

    def unblock(self, unique_id: str) -> None:
        """Let somebody ask again."""
        self._ask("DELETE", f"{_contact(unique_id)}/block")

    def blocked(self) -> list[Blocked]:
        """Return who is blocked."""
        return self._list("/v1/blocks", read_blocked)[0]

    # Devices

    def devices(self, unique_id: str) -> list[RegisteredDevice]:
        """Return the devices of a confirmed contact, or one's own."""
        response = self._ask("GET", f"/v1/users/{segment(unique_id)}/devices")
        with understanding(response):
            return [read_device(one) for one in response.json()["items"]]

    def put_device(self, device_id: str, bundle: Mapping[str, Any]) -> None:
        """Register a device; the same again changes nothing."""
        self._ask("PUT", f"/v1/devices/{segment(device_id)}", json={"bundle": dict(bundle)})

    def remove_device(self, device_id: str) -> None:
        """Remove one of one's devices."""
        self._ask("DELETE", f"/v1/devices/{segment(device_id)}")

    # Calls

    def ticket(self, device_id: str | None = None) -> Ticket:
        """Get what opens one realtime connection, for a device that takes part in calls or for none."""
        body = {"device_id": device_id} if device_id else {}
        response = self._ask("POST", "/v1/realtime/ticket", json=body, headers=once())
        with understanding(response):
            data = response.json()
            return Ticket(url=str(data["url"]), secret=str(data["ticket"]))

    def ice_servers(self) -> IceAnswer:
        """Get STUN and TURN servers, with credentials for a while."""
        response = self._ask("GET", "/v1/ice-servers")
        with understanding(response):
            return read_ice(response.json())

    def call_log(self, *, limit: int, status: str | None = None) -> tuple[list[LoggedCall], str | None]:
        """Return the newest calls that are over, or the one that is under way, and the cursor behind them."""
        return self._list("/v1/calls", read_logged_call, limit=limit, params={"status": status} if status else None)

    def record_call(
        self, call_id: str, *, request: Mapping[str, Any], grant: Mapping[str, Any], name: str | None
    ) -> str:
        """Make the recording of a call with both consents; returns its id."""
        body = {"request": dict(request), "grant": dict(grant)} | ({"name": name} if name else {})
        response = self._ask("POST", f"/v1/calls/{segment(call_id)}/recording", json=body, headers=once())
        with understanding(response):
            return str(response.json()["recording_id"])

    def announce_track(self, call_id: str, *, size: int, content_type: str, started_at: int) -> TrackUpload:
        """Say what one's own side of a recorded call is, and learn where it goes."""
        body = {"size": size, "content_type": content_type, "started_at": started_at}
        response = self._ask("POST", f"/v1/calls/{segment(call_id)}/tracks", json=body, headers=once())
        with understanding(response):
            return read_track_upload(response.json())


def _contact(unique_id: str) -> str:
    return f"/v1/contacts/{segment(unique_id)}"


def _named(label: str | None, introduced_as: str | None) -> dict[str, str]:
    names = {"label": label, "introduced_as": introduced_as}
    return {name: value for name, value in names.items() if value}
