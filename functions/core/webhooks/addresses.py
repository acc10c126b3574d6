"""Which addresses messages may be sent to: public ones, as they are at the moment of sending.

A name is resolved here, each of its addresses is judged, and the connection goes to one that was judged: whatever the
name means a moment later. https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from functions.core.errors import Invalid

LONGEST_URL: Final = 2000
PORT_OF: Final = {"https": 443, "http": 80}
FIRST_FREE_PORT: Final = 1024
"""Below it are mail servers, shells and the like; beside the two of the web none takes messages."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]
"""Returns the addresses of a name; raises OSError where it has none."""

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: Final = (
    # What Python does not know, or not in every version: 6to4 and its relays, Teredo, documentation.
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
    ipaddress.ip_network("3fff::/20"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("192.0.0.0/24"),
    # Azure's metadata, on an address that looks like anybody's.
    ipaddress.ip_network("168.63.129.16/32"),
)
_METADATA: Final = (
    # What gives out a machine's rights: nobody's receiver, not even at a desk, which may be a rented one.
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::/32"),
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("100.100.100.200/32"),
    ipaddress.ip_network("192.0.0.192/32"),
)
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEVIATIONS: Final = re.compile("[ßς\u200c\u200d]")
"""Letters that old and new rules for names write differently: the name would be somebody else's."""
_SAFE: Final = "/?%:@!$&'()*+,;=~-._"


class ForbiddenAddress(Exception):
    """The name leads to where nothing may be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an installation allows."""

    allows_http: bool = False
    allows_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL taken apart, all in ASCII."""

    is_tls: bool
    host: str
    port: int
    path: str
    """With the query."""


def target_of(url: str, policy: Policy) -> Target:
    """Take a webhook's URL apart; raises Invalid, which says what is wrong with it."""
    parts, port = _split(url)
    if parts.scheme not in PORT_OF or (parts.scheme == "http" and not policy.allows_http):
        raise _unusable("must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise _unusable("may not hold a name or a password")
    if parts.fragment:
        raise _unusable("may not end with a #fragment: it would not be sent")
    port = PORT_OF[parts.scheme] if port is None else port
    if port not in PORT_OF.values() and port < FIRST_FREE_PORT:
        raise _unusable("may have the port 443, 80 or one from 1024 on")
    host = _host_of(parts.hostname or "")
    _refuse_known(host, policy)
    query = f"?{parts.query}" if parts.query else ""
    return Target(is_tls=parts.scheme == "https", host=host, port=port, path=quote((parts.path or "/") + query, _SAFE))


def addresses_of(target: Target, policy: Policy, resolve: Resolver) -> list[str]:
    """Return the addresses that a message may be sent to.

    Raises:
        ForbiddenAddress: one of those that the name has is not public.
        OSError: it has none.
    """
    found = resolve(target.host, target.port)
    if not all(_may_be_sent_to(ipaddress.ip_address(one), policy) for one in found):
        raise ForbiddenAddress
    return found


def _may_be_sent_to(address: Address, policy: Policy) -> bool:
    inner = _inside(address) if isinstance(address, ipaddress.IPv6Address) else None
    is_metadata = any((inner or address) in network for network in _METADATA)
    return is_public(address) or (policy.allows_private and not is_metadata)


def is_public(address: Address) -> bool:
    """Tell whether an address is one on the internet, and leads to no other one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def resolve(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    # Both are written for hosts without the one or the other protocol, and lead to the address inside.
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


def _split(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > LONGEST_URL:
        raise _unusable(f"may have {LONGEST_URL} characters at most")
    # Browsers drop some of them and take a backslash for a slash: nobody should have to guess what is meant.
    if not url.isprintable() or any(char.isspace() or char == "\\" for char in url):
        raise _unusable("may hold no space, no control character and no backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unusable("is no address of the web") from None
    return parts, port


def _host_of(host: str) -> str:
    if ":" in host:
        try:
            address = ipaddress.IPv6Address(host)
        except ValueError:
            raise _unusable("has no valid IPv6 address in its brackets") from None
        if address.scope_id is not None:
            raise _unusable("names a network interface")
        return str(address)
    name = _ascii(host).rstrip(".")
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(name) > 253:
        raise _unusable("has no valid host name")
    if _NUMBER.fullmatch(labels[-1]):
        # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some.
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise _unusable("has a number for a host that is no plain IPv4 address") from None
    return name


def _ascii(host: str) -> str:
    if _DEVIATIONS.search(host):
        raise _unusable("has a host name that is to be written as xn--...")
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        raise _unusable("has no valid host name") from None


def _refuse_known(host: str, policy: Policy) -> None:
    """Say at once what would be refused at every delivery."""
    if not policy.allows_private and (host == "localhost" or host.endswith(".localhost")):
        raise _unusable("leads to no public address")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not _may_be_sent_to(address, policy):
        raise _unusable("leads to no public address")


def _unusable(why: str) -> Invalid:
    return Invalid(f"The URL {why}.", code="unusable-url")
