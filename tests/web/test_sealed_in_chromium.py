"""Sealed messages in a browser: the same vectors, keys that stay where they are, and Python at the other end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from parley.sealed import Device, Person, safety_number, verify_bundle
from tests.web.chromium import PATIENCE_MS, chromium, pages_of
from tests.web.node import bundle

CALL = "call_01KC000000000000000000CALL"
ANNA, BORIS = "12345678", "87654321"
HTML = '<!doctype html><meta charset="utf-8"><title>Parley</title><script type="module" src="sealed.page.js"></script>'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    bundle("tests/sealed/sealed.page.ts", folder)
    Path(folder, "index.html").write_text(HTML, encoding="utf-8")
    with pages_of(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        yield page


def call(page: Page, function: str, *arguments: Any) -> Any:
    page.wait_for_function("globalThis.sealing !== undefined")
    return page.evaluate("([name, list]) => sealing[name](...list)", [function, list(arguments)])


def test_all_vectors_hold_in_a_browser(page: Page) -> None:
    outcome = call(page, "runVectors")

    assert outcome["faults"] == []
    assert outcome["count"] > 200


def test_python_and_a_browser_open_what_the_other_seals(page: Page) -> None:
    device, body = Device.create(BORIS), {"sdp": "v=0\r\nпривет 👋", "numbers": [0, -1.5, None, True]}
    peer = verify_bundle(call(page, "create", ANNA))

    sealed_there = call(page, "seal", device.bundle, {"call": CALL, "type": "offer", "seq": 0}, body)
    sealed_here = device.seal(peer, call=CALL, type="answer", seq=0, body=body)

    assert device.open(peer, sealed_there, call=CALL, type="offer").body == body
    assert call(page, "open", device.bundle, sealed_here, CALL) == {"body": body}
    assert call(page, "open", device.bundle, sealed_here, CALL) == {"code": "replay"}


def test_a_message_that_is_opened_twice_at_once_is_opened_once(page: Page) -> None:
    device, peer = Device.create(BORIS), verify_bundle(call(page, "create", ANNA))
    envelope = device.seal(peer, call=CALL, type="answer", seq=0, body={"sdp": ""})

    outcomes = call(page, "openTwice", device.bundle, envelope, CALL)

    assert sorted(map(str, outcomes)) == ["{'body': {'sdp': ''}}", "{'code': 'replay'}"]


def test_a_device_is_there_again_after_the_page_was_loaded_anew(page: Page) -> None:
    device = Device.create(BORIS)
    bundle = call(page, "create", ANNA)
    call(page, "save")
    envelope = device.seal(verify_bundle(bundle), call=CALL, type="answer", seq=0, body={"sdp": ""})

    page.reload()

    assert call(page, "load", ANNA) == bundle
    assert call(page, "open", device.bundle, envelope, CALL) == {"body": {"sdp": ""}}
    assert call(page, "load", BORIS) is None
    call(page, "remove", ANNA)
    assert call(page, "load", ANNA) is None


def test_the_private_keys_of_a_device_cannot_be_taken_out_of_the_browser(page: Page) -> None:
    call(page, "create", ANNA)
    call(page, "save")

    assert call(page, "takeOut", ANNA) == {"keys": 2, "taken": 0}


def test_a_browser_remembers_whom_it_has_verified_until_their_keys_change(page: Page) -> None:
    boris, boris_elsewhere = Device.create(BORIS), Device.create(BORIS)
    own = verify_bundle(call(page, "create", ANNA))
    call(page, "save")
    met = call(page, "meet", ANNA, [boris.bundle], True)

    page.reload()
    call(page, "load", ANNA)

    assert met["verified"]
    assert call(page, "meet", ANNA, [boris.bundle], False) == met
    assert met["number"] == safety_number(
        Person(uid=BORIS, identity_keys=(boris.peer.identity_key,)), Person(uid=ANNA, identity_keys=(own.identity_key,))
    )
    changed = call(page, "meet", ANNA, [boris.bundle, boris_elsewhere.bundle], False)
    assert not changed["verified"]
    assert changed["number"] != met["number"]
