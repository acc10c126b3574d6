import ipaddress

import pytest

from functions.core.errors import Invalid
from functions.core.settings import WebhookAddresses
from functions.core.webhooks.addresses import (
    ForbiddenAddress,
    Policy,
    Target,
    addresses_of,
    is_public,
    resolve,
    target_of,
)
from functions.core.webhooks.policy import policy_of

STRICT = Policy()
DESK = Policy(allows_http=True, allows_private=True)

NOT_PUBLIC = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",  # carriers' own
    "100.100.100.200",  # Alibaba's metadata
    "127.0.0.1",
    "127.8.8.8",
    "168.63.129.16",  # Azure's metadata
    "169.254.169.254",  # AWS's metadata
    "169.254.100.1",  # Lambda's own interface
    "172.16.0.1",
    "192.0.0.192",  # Oracle's metadata
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",  # a network's own translation
    "100::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fd00::1",
    "fd00:ec2::254",  # AWS's metadata
    "fe80::1",
    "fe80::1%2",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "168.63.129.16", "::ffff:169.254.169.254"]
)
def test_what_gives_out_a_machines_rights_is_no_receiver_at_a_desk_either(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid):
        target_of(f"http://{host}/", DESK)
    named = target_of("http://receiver.example/", DESK)
    with pytest.raises(ForbiddenAddress):
        addresses_of(named, DESK, lambda *_: ["127.0.0.1", address])
    assert addresses_of(named, DESK, lambda *_: ["127.0.0.1", "10.0.0.1", "::1"])


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_one_address_that_is_not_public_among_others_is_enough_to_refuse() -> None:
    target = target_of("https://example.com/", STRICT)

    assert addresses_of(target, STRICT, lambda *_: ["1.1.1.1", "2606:4700::1"]) == ["1.1.1.1", "2606:4700::1"]
    with pytest.raises(ForbiddenAddress):
        addresses_of(target, STRICT, lambda *_: ["1.1.1.1", "10.0.0.1"])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://@example.com/",
        "https://example.com/#part",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/a\nb",
        "https://example.com\t/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\ud800",
        "https://-example.com/",
        "https://example..com/",
        f"https://{'a' * 64}.com/",
        f"https://example.com/{'a' * 2000}",
        "https://straße.de/",
        "https://[::1/",
        "https://[v1.a:b]/",
        # Whatever some take for an address of this machine or its network.
        "https://localhost/",
        "https://localhost./",
        "https://LOCALHOST/",
        "https://any.localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.4.5/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1%25eth0]/",
        "https://[2606:4700::1%25eth0]/",
    ],
)
def test_a_url_that_no_message_may_go_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        target_of(url, STRICT)

    assert refused.value.code == "unusable-url"
    assert refused.value.detail.startswith("The URL ")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target(is_tls=True, host="example.com", port=443, path="/")),
        ("HTTPS://Example.COM:8443/A?b=c", Target(is_tls=True, host="example.com", port=8443, path="/A?b=c")),
        (
            "https://пример.рф/крючок?а=б",
            Target(
                is_tls=True,
                host="xn--e1afmkfd.xn--p1ai",
                port=443,
                path="/%D0%BA%D1%80%D1%8E%D1%87%D0%BE%D0%BA?%D0%B0=%D0%B1",
            ),
        ),
        ("https://1.1.1.1/%20a", Target(is_tls=True, host="1.1.1.1", port=443, path="/%20a")),
        ("https://[2606:4700::0:1]/", Target(is_tls=True, host="2606:4700::1", port=443, path="/")),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target) -> None:
    assert target_of(url, STRICT) == target


def test_a_desk_may_send_to_itself_without_encryption() -> None:
    target = target_of("http://localhost:9000/hook", DESK)

    assert target == Target(is_tls=False, host="localhost", port=9000, path="/hook")
    assert addresses_of(target, DESK, lambda *_: ["127.0.0.1"]) == ["127.0.0.1"]


def test_a_name_is_asked_of_the_system() -> None:
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("stage", "addresses", "policy"),
    [
        ("prod", "refuse", Policy()),
        ("dev", "refuse", Policy(allows_http=True)),
        ("local", "allow", Policy(allows_http=True, allows_private=True)),
    ],
)
def test_settings_say_what_is_allowed(stage: str, addresses: str, policy: Policy) -> None:
    assert policy_of(WebhookAddresses(stage=stage, webhook_private_addresses=addresses)) == policy


def test_an_installation_that_people_use_never_sends_into_its_own_network() -> None:
    with pytest.raises(ValueError, match="only a development stage"):
        policy_of(WebhookAddresses(stage="prod", webhook_private_addresses="allow"))
