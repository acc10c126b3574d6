"""Which pages may open connections: a browser opens one for any page, whoever is signed in there.

https://cheatsheetseries.owasp.org/cheatsheets/WebSocket_Security_Cheat_Sheet.html
"""

from collections.abc import Mapping
from urllib.parse import urlsplit


def may_connect(headers: Mapping[str, str], *, web_origin: str) -> bool:
    """Tell whether a page of ours asks, or a program, which names no origin. Names of headers are in lower case."""
    origin = headers.get("origin")
    if origin is None:
        return True
    return origin == web_origin or urlsplit(origin).netloc == headers.get("host")
