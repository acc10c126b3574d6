"""Contacts, devices and the call log in miniature. What a real server refuses is refused here too."""

from dataclasses import dataclass, field
from typing import Any

from tests.parley.fake_accounts import Answer, Refusal

NOW = "2026-11-21T09:00:00Z"
NO_CONTACT = "There is no such contact."


@dataclass
class FakeCalls:
    """What the server knows about calls."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By their number."""
    blocked: dict[str, dict[str, Any]] = field(default_factory=dict)
    devices: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By number and id."""
    log: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, parts: list[str], query: dict[str, str], body: Any, me: str) -> Answer:
        match method, parts:
            case "GET", ["contacts" | "blocks" | "calls" as name]:
                return 200, {"items": self._listed(name, query), "next_cursor": None}
            case "PUT", ["devices", device_id]:
                device = {"id": device_id, "bundle": body["bundle"], "added_at": NOW}
                self.devices.setdefault(me, {})[device_id] = device
                return 200, device
            case "DELETE", ["devices", device_id]:
                if self.devices.get(me, {}).pop(device_id, None) is None:
                    raise Refusal(404, "not-found", "There is no such device.")
                return 204, None
            case "GET", ["users", unique_id, "devices"]:
                return self._devices(unique_id, me)
            case _, ["contacts", *rest]:
                return self._contact(method, rest, body)
        raise Refusal(404, "not-found", "There is no such route.")

    def asks(self, unique_id: str, name: str, *, secret: bool = False) -> None:
        """Let somebody ask."""
        self.contacts[unique_id] = contact(unique_id, "asking", introduced_as=name, secret=secret)

    def _listed(self, name: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if name == "blocks":
            return list(self.blocked.values())
        if name == "contacts":
            return [one for one in self.contacts.values() if not one["secret"]]
        return [one for one in self.log if query.get("status") in {None, one["status"]}]

    def _devices(self, unique_id: str, me: str) -> Answer:
        if unique_id != me and self.contacts.get(unique_id, {}).get("state") != "confirmed":
            raise Refusal(404, "not-found", NO_CONTACT)
        found = list(self.devices.get(unique_id, {}).values())
        return 200, {"unique_id": unique_id, "items": found, "key_log": {"length": len(found), "head": "AAAA"}}

    def _contact(self, method: str, rest: list[str], body: Any) -> Answer:
        if method == "POST" and not rest:
            return self._ask(body)
        unique_id, *deed = rest
        if deed == ["block"]:
            return self._block(method, unique_id)
        if unique_id not in self.contacts:
            raise Refusal(404, "not-found", NO_CONTACT)
        match method, deed:
            case "POST", ["confirm"]:
                said = {name: value for name, value in body.items() if name != "introduced_as"}
                self.contacts[unique_id] |= {"state": "confirmed"} | said
                return 200, self.contacts[unique_id]
            case "PATCH", []:
                assert body
                self.contacts[unique_id] |= body
                return 200, self.contacts[unique_id]
            case ("POST", ["decline"]) | ("DELETE", []):
                del self.contacts[unique_id]
                return 204, None
        raise Refusal(404, "not-found", "There is no such route.")

    def _ask(self, body: Any) -> Answer:
        unique_id = body["unique_id"]
        if len(unique_id) != 8 or not unique_id.isdecimal():
            raise Refusal(422, "invalid-request", "The number has eight digits.")
        known = self.contacts.get(unique_id)
        state = "confirmed" if known and known["state"] == "asking" else "requested"
        self.contacts[unique_id] = contact(unique_id, state, label=body.get("label"), secret=body["secret"])
        return 201, self.contacts[unique_id]

    def _block(self, method: str, unique_id: str) -> Answer:
        if method == "DELETE":
            self.blocked.pop(unique_id, None)
        else:
            self.contacts.pop(unique_id, None)
            self.blocked[unique_id] = {"unique_id": unique_id, "created_at": NOW}
        return 204, None


def contact(unique_id: str, state: str, **more: Any) -> dict[str, Any]:
    """A contact as the API shows it."""
    return {
        "unique_id": unique_id,
        "state": state,
        "secret": False,
        "introduced_as": None,
        "label": None,
        "created_at": NOW,
        "confirmed_at": None,
    } | more
