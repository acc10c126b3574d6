"""Asking again: only for what a second try can change."""

from collections.abc import Callable, Sequence
from typing import Final

import httpx

LONGEST_PAUSE: Final = 30.0
TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})


def is_transient(response: httpx.Response) -> bool:
    """Tell whether the same request may succeed a little later."""
    return response.status_code in TRANSIENT


def send_patiently(
    send: Callable[[], httpx.Response],
    *,
    pauses: Sequence[float],
    sleep: Callable[[float], None],
    transient: Callable[[httpx.Response], bool] = is_transient,
    before_retry: Callable[[str], None] = lambda _: None,
) -> httpx.Response:
    """Send again after each of `pauses`, while the network fails or the answer is `transient`.

    Raises:
        httpx.TransportError: the network failed the last time too.
    """
    for pause in pauses:
        try:
            response = send()
        except httpx.TransportError as error:
            before_retry(why(error))
            sleep(pause)
        else:
            if not transient(response):
                return response
            wait = max(pause, _asked_for(response))
            if wait > LONGEST_PAUSE:
                return response  # a person would rather read "try again in an hour" than look at a still screen
            before_retry(f"the server answered {response.status_code}")
            sleep(wait)
    return send()


def why(error: httpx.TransportError) -> str:
    """Say in words what the network did; some of httpx's errors are empty."""
    match error:
        case httpx.ConnectTimeout():
            return "no answer to the connection attempt"
        case httpx.TimeoutException():
            return "no answer in time"
        case httpx.ConnectError() if "refused" in str(error).lower():
            return "connection refused"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return "the connection broke"
        case _:
            return str(error) or type(error).__name__


def _asked_for(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", 0))
    except ValueError:  # the HTTP date form, which our server never sends
        return 0.0
