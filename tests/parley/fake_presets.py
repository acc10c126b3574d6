"""Presets in miniature, without HTTP. What a real server refuses is refused here too."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.parley.fake_accounts import Answer, Refusal

BUILT_IN = {
    "name": "captions",
    "kind": "transcribe",
    "options": {"word_timestamps": True},
    "description": "For captions.",
    "built_in": True,
}


@dataclass
class FakePresets:
    """What the server knows, the house's own first."""

    views: list[dict[str, Any]] = field(default_factory=lambda: [BUILT_IN])
    page_size: int = 1

    def answer(self, method: str, rest: list[str], query: dict[str, str], body: Any) -> Answer:
        match method, rest:
            case "GET", []:
                found = [one for one in self.views if query.get("kind") in {None, one["kind"]}]
                start = int(query.get("cursor", 0))
                end = start + self.page_size
                return 200, {
                    "items": found[start:end],
                    "next_cursor": str(end) if end < len(found) else None,
                }
            case "POST", []:
                if any((one["name"], one["kind"]) == (body["name"], body["kind"]) for one in self.views):
                    raise Refusal(409, "preset-name-taken", "You have a preset of this name.")
                self.views.append(body | {"built_in": False, "something_new": 1})
                return 201, self.views[-1]
            case "DELETE", [name]:
                self.views.remove(self._own(unquote(name), query.get("kind")))
                return 204, None
        raise Refusal(404, "not-found", "There is no such route.")

    def _own(self, name: str, kind: str | None) -> dict[str, Any]:
        found = [one for one in self.views if one["name"] == name and kind in {None, one["kind"]}]
        if not found:
            raise Refusal(404, "not-found", "You have no such preset.")
        if found[0]["built_in"]:
            raise Refusal(409, "preset-built-in", "It is the house's own.")
        if len(found) > 1:
            raise Refusal(409, "ambiguous-preset", "Say of which kind.")
        return found[0]
