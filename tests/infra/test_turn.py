"""What the relay may not be used for, held against IANA's registries of special-purpose addresses."""

import ipaddress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent.parent
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry: all that is not globally
# reachable; and multicast, which has registries of its own. coturn
# itself relays to :: in no case.
SPECIAL = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:2::/48",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
]
METADATA = ["169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"]
PUBLIC = ["1.1.1.1", "8.8.8.8", "185.199.108.153", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"]


@cache
def lines() -> tuple[str, ...]:
    text = (ROOT / "infra/turn/turnserver.conf").read_text()
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def denied() -> tuple[Network, ...]:
    networks: list[Network] = []
    for line in lines():
        name, _, value = line.partition("=")
        if name == "denied-peer-ip":
            first, last = (ipaddress.ip_address(one) for one in value.split("-"))
            found = list(ipaddress.summarize_address_range(first, last))
            # Older versions compare byte by byte, which is right for whole prefixes; and :: stands for all there is.
            assert len(found) == 1 or str(first) == "::1", line
            assert str(first) != "::", line
            networks += [ipaddress.ip_network(str(one)) for one in found]
    return tuple(networks)


def is_denied(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in denied() if network.version == address.version)


@pytest.mark.parametrize("special", SPECIAL)
def test_no_special_purpose_address_is_relayed_to(special: str) -> None:
    network = ipaddress.ip_network(special)

    assert any(network.subnet_of(one) for one in denied() if one.version == network.version)  # type: ignore[arg-type]


@given(st.ip_addresses())
def test_what_python_knows_as_not_public_is_denied(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert address.is_global or is_denied(address) or int(address) == 0


@pytest.mark.parametrize("address", METADATA)
def test_metadata_of_clouds_is_denied(address: str) -> None:
    assert is_denied(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_every_way_to_write_an_ipv4_address_in_ipv6_is_denied(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    written = [number or 1, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]

    assert all(is_denied(ipaddress.IPv6Address(one)) for one in written)


@pytest.mark.parametrize("address", PUBLIC)
def test_people_are_relayed_to(address: str) -> None:
    assert not is_denied(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "line",
    [
        "use-auth-secret",
        "no-multicast-peers",
        "no-tcp-relay",
        "no-cli",
        "stale-nonce=600",
        "tls-listening-port=443",
        "alt-tls-listening-port=5349",
    ],
)
def test_the_relay_is_safe_by_default(line: str) -> None:
    assert line in lines()


def test_there_are_limits() -> None:
    limits = {line.partition("=")[0]: line.partition("=")[2] for line in lines()}

    assert all(int(limits[name]) > 0 for name in ("user-quota", "total-quota", "max-bps", "bps-capacity"))


def test_no_secret_and_no_loophole_is_in_the_file() -> None:
    names = {line.partition("=")[0] for line in lines()}

    assert not names & {"static-auth-secret", "no-auth", "allow-loopback-peers", "allowed-peer-ip", "cli-password"}
