"""The web client's own tests, and what Node seals."""

import json
from pathlib import Path

import pytest

from parley.sealed import Device, Refused, verify_bundle
from tests.web.node import bundle, evaluate, npm_run

CALL = "call_01KC000000000000000000CALL"


def test_the_tests_of_the_web_client_pass() -> None:
    said = npm_run("test")

    assert "fail 0" in said
    assert "pass 0\n" not in said


def test_python_opens_what_node_seals(tmp_path: Path) -> None:
    module = bundle("tests/sealed/sealed.page.ts", tmp_path)
    device = Device.create("87654321")
    body = {"sdp": "v=0\r\nпривет 👋", "numbers": [0, -1.5, None, True]}
    about = {"call": CALL, "type": "offer", "seq": 3}

    made = evaluate(
        module,
        f"""sealing.create("12345678").then(async (bundle) => ({{
            bundle, envelope: await sealing.seal({json.dumps(device.bundle)}, {json.dumps(about)}, {json.dumps(body)}),
        }}))""",
    )

    sender = verify_bundle(made["bundle"])
    assert sender.uid == "12345678"
    assert device.open(sender, made["envelope"], call=CALL, type="offer").body == body
    with pytest.raises(Refused, match="already"):
        device.open(sender, made["envelope"], call=CALL, type="offer")
