"""The server believes of a statement what the device has signed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from functions.core.devices.bundle import DeviceKeys, read_bundle
from functions.core.devices.statement import StatementKind, read_statement
from functions.core.errors import Invalid
from parley.sealed import Device
from tests import sealed_vectors

VECTORS: dict[str, Any] = json.loads(sealed_vectors.FILE.read_bytes())
ABOUT_ANOTHER = {"about another call", "of another kind"}
"""Right statements, about something else: whoever asked for them sees that."""
WRONG = [vector for vector in VECTORS["statements"]["refused"] if vector["name"] not in ABOUT_ANOTHER]


def keys_of(name: str) -> DeviceKeys:
    return read_bundle(next(device["bundle"] for device in VECTORS["devices"] if device["name"] == name))


@pytest.mark.parametrize("vector", VECTORS["statements"]["accepted"], ids=lambda vector: str(vector["kind"]))
def test_a_statement_is_what_its_device_stated(vector: dict[str, Any]) -> None:
    keys = keys_of(vector["by"])

    stated = read_statement(vector["statement"], keys)

    assert (stated.call_id, stated.kind) == (VECTORS["call"], StatementKind(vector["kind"]))
    assert (stated.by, stated.device_id) == (keys.unique_id, keys.device_id)
    assert stated.text == "parley/consent-text/1"
    assert stated.at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=vector["at"])


@pytest.mark.parametrize("vector", WRONG, ids=lambda vector: str(vector["name"]))
def test_a_wrong_statement_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        read_statement(vector["statement"], keys_of(vector["by"]))

    assert refused.value.code == "bad-statement"


def test_what_a_statement_is_about_is_told_as_it_stands_there() -> None:
    about = {
        vector["name"]: read_statement(vector["statement"], keys_of(vector["by"]))
        for vector in VECTORS["statements"]["refused"]
        if vector["name"] in ABOUT_ANOTHER
    }

    assert about["about another call"].call_id == VECTORS["other call"]
    assert about["of another kind"].kind is StatementKind.REQUEST


def test_the_same_device_with_other_keys_is_another() -> None:
    device = Device.create(sealed_vectors.BORIS.peer.uid, sealed_vectors.BORIS.peer.id)

    with pytest.raises(Invalid, match="not signed by its device"):
        read_statement(sealed_vectors.BORIS.statement(), read_bundle(device.bundle))


@pytest.mark.parametrize("at", [-1, 10**15, True, 1.5, "now", None])
def test_a_moment_is_one_of_this_century(at: Any) -> None:
    with pytest.raises(Invalid, match="at is to be a whole number"):
        read_statement(sealed_vectors.BORIS.statement(at=at), keys_of(sealed_vectors.BORIS.name))


@given(body=st.binary(max_size=600))
def test_whatever_was_signed_it_is_refused_and_nothing_breaks(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_statement(sealed_vectors.BORIS.signed(body, sealed_vectors.CONSENT), keys_of(sealed_vectors.BORIS.name))
