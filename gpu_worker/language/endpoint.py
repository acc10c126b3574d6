"""One address that speaks the chat completions API: DeepSeek, OpenAI, Ollama, vLLM and many more.

Neither the key nor a word of the transcript gets into an error: what a server says in its own words is never quoted.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from gpu_worker.language.failures import SummaryMisconfigured, SummaryUnavailable
from gpu_worker.language.model import Message, TextTooLong, complains_of_length, patiently

DEEPSEEK_URL: Final = "https://api.deepseek.com"
# The name `deepseek-chat` went out of service on 2026-07-24; this is its successor.
DEEPSEEK_MODEL: Final = "deepseek-flash"

_MOST_BYTES: Final = 4_000_000
_BUSY: Final = frozenset({408, 409, 425, 429})
_SLUG: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}")

# No language needs more characters for a token of speech. Fewer tokens read than this means: the beginning was cut off.
_MOST_CHARACTERS_PER_TOKEN: Final = 6
_SAFE_CHARACTERS_PER_TOKEN: Final = 2

# What only some servers understand; OpenAI's newer models take no temperature at all.
_EXTRAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "api.deepseek.com": {"temperature": 0, "thinking": {"type": "disabled"}},
    "api.openai.com": {},
}
_USUAL_EXTRAS: Final[Mapping[str, Any]] = {"temperature": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEndpoint:
    """Where to ask, whom, and how long to wait for one answer."""

    base_url: str
    model: str
    api_key: str = field(repr=False)
    timeout: float
    wait: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Refuse what no server can take, before httpx quotes it in an error."""
        if not (self.api_key and self.api_key.isascii() and self.api_key.isprintable() and " " not in self.api_key):
            raise SummaryMisconfigured("The key of the chat API has characters that no key has.")
        try:
            url = httpx.URL(self.base_url)
            url.host.encode("idna")
        except (httpx.InvalidURL, UnicodeError):
            url = httpx.URL()
        if url.scheme not in {"http", "https"} or not url.host:
            raise SummaryMisconfigured("The address of the chat API is not an http(s) URL.")

    def ask(self, messages: Sequence[Message]) -> str:
        """The model's answer, as `LanguageModel` promises it."""
        return patiently(lambda: self._ask_once(messages), self.wait)

    def _ask_once(self, messages: Sequence[Message]) -> str:
        body = {
            "model": self.model,
            "messages": list(messages),
            "response_format": {"type": "json_object"},
            "stream": False,
            **_EXTRAS.get(httpx.URL(self.base_url).host, _USUAL_EXTRAS),
        }
        try:
            status, headers, raw = self._post(body)
        except httpx.TimeoutException:
            raise SummaryUnavailable(f"The chat API gave no answer within {self.timeout:g} seconds.") from None
        except httpx.HTTPError as error:
            raise SummaryUnavailable(f"The chat API cannot be reached ({type(error).__name__}).") from None
        answer = _json(raw)
        if status != 200:
            raise _failure(status, headers, answer)
        return _content(answer, asked=sum(len(message["content"]) for message in messages))

    def _post(self, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        # A busy DeepSeek sends blank lines to keep the line open, so a read timeout alone would never strike.
        deadline = time.monotonic() + self.timeout
        limits = httpx.Timeout(self.timeout, connect=min(10.0, self.timeout))
        url = f"{self.base_url.rstrip('/')}/chat/completions"
        headers = {"Authorization": f"Bearer {self.api_key}"}
        with httpx.Client(timeout=limits) as client, client.stream("POST", url, json=body, headers=headers) as response:
            raw = bytearray()
            for chunk in response.iter_bytes():
                raw += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the whole answer took too long")
                if len(raw) > _MOST_BYTES:
                    raise httpx.DecodingError("the answer is no answer to our question")
            return response.status_code, response.headers, bytes(raw)


def _failure(status: int, headers: httpx.Headers, answer: Any) -> Exception:
    error = _member(answer, "error")
    said = " ".join(str(_member(error, name) or "") for name in ("code", "type", "message"))
    slug = next((name for key in ("code", "type") if (name := _slug(_member(error, key)))), None)
    named = f"{status}, {slug}" if slug else str(status)
    if status == 413 or (status in {400, 422} and complains_of_length(said)):
        return TextTooLong()
    if status == 429 and slug == "insufficient_quota":
        return SummaryMisconfigured(f"The account of the chat API has no balance left ({named}).")
    if status in _BUSY or status >= 500:
        return SummaryUnavailable(f"The chat API is busy or down ({named}).", retry_after=_retry_after(headers))
    reason = _REFUSALS.get(status, "refuses our question: check its address and the model's name")
    return SummaryMisconfigured(f"The chat API {reason} ({named}).")


_REFUSALS: Final = {
    401: "does not know our key",
    402: "wants its account topped up",
    403: "does not let our key use this model",
    404: "does not know this address or this model",
}


def _retry_after(headers: httpx.Headers) -> float | None:
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _content(answer: Any, *, asked: int) -> str:
    choices = _member(answer, "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = _member(choice, "message")
    if not isinstance(message, dict):
        raise SummaryUnavailable("The chat API sent something that is no answer.")
    read = _member(_member(answer, "usage"), "prompt_tokens")
    if isinstance(read, int) and 0 < read * _MOST_CHARACTERS_PER_TOKEN < asked:
        # Ollama cuts what does not fit its context and says nothing; its count of tokens gives it away.
        raise TextTooLong(read * _SAFE_CHARACTERS_PER_TOKEN)
    reason = _member(choice, "finish_reason")
    if reason == "length":
        raise TextTooLong
    if reason == "insufficient_system_resource":
        raise SummaryUnavailable("The chat API broke off for lack of resources.")
    content = message.get("content")
    # JSON can name half a character; no text that goes on from here can hold it.
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _slug(value: Any) -> str | None:
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else None
