"""Locations in miniature, without HTTP. What a real server refuses is refused here too."""

from dataclasses import dataclass, field
from typing import Any

from tests.parley.fake_accounts import Answer, Person, Refusal


@dataclass
class FakeLocations:
    """What the server knows about places, by name."""

    views: list[dict[str, Any]] = field(default_factory=list)
    in_use: set[str] = field(default_factory=set)
    page_size: int = 2

    def add(self, name: str, **facts: str) -> str:
        view = {"id": f"loc_{len(self.views) + 1:026}", "name": name, "address": None, "note": None} | facts
        self.views.append(view | {"created_at": "2026-11-21T09:00:00Z", "something_new": [3]})
        return str(view["id"])

    def names(self) -> list[str]:
        return [one["name"] for one in self.views]

    def answer(self, method: str, rest: list[str], query: dict[str, str], body: Any, caller: Person) -> Answer:
        if method != "GET" and caller.role != "admin":
            raise Refusal(403, "admins-only", "Only admins may do this.")
        match method, rest:
            case "GET", []:
                start = int(query.get("cursor", 0))
                end = start + min(int(query["limit"]), self.page_size)
                following = str(end) if end < len(self.views) else None
                return 200, {"items": self.views[start:end], "next_cursor": following}
            case "POST", []:
                self._refuse_taken(body["name"])
                self.add(**body)
                return 201, self.views[-1]
            case "PUT", [location_id]:
                self._refuse_taken(body["name"])
                view = self._find(location_id)
                view |= {"address": None, "note": None} | body
                return 200, view
            case "DELETE", [location_id]:
                if location_id in self.in_use:
                    raise Refusal(409, "location-in-use", "Recordings stand at this location.")
                self.views.remove(self._find(location_id))
                return 204, None
        raise Refusal(404, "not-found", "There is no such route.")

    def _find(self, location_id: str) -> dict[str, Any]:
        return next(one for one in self.views if one["id"] == location_id)

    def _refuse_taken(self, name: str) -> None:
        if name in self.names():
            raise Refusal(409, "location-name-taken", f"There is a location called {name} already.")
