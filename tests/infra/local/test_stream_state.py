"""Which changes the emulator keeps over a kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ministack.services import dynamodb

from infra.local import stream_state
from infra.local.positions import Positions
from infra.local.stream_state import StreamState

PLACE = ("000000000000", "eu-central-1", "t")


@pytest.fixture
def positions(tmp_path: Path) -> Iterator[Positions]:
    yield Positions(tmp_path / "streams")
    dynamodb._stream_records.clear()
    dynamodb._stream_trimmed.clear()


def changed(*numbers: str) -> None:
    records = dynamodb._stream_records.get_scoped(*PLACE) or []
    added = [{"dynamodb": {"SequenceNumber": number}} for number in numbers]
    dynamodb._stream_records.set_scoped(*PLACE, records + added)


def kept(state: StreamState) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in state.unfinished().get_scoped(*PLACE)]


def test_a_change_is_kept_until_a_snapshot_has_what_followed_from_it(positions: Positions) -> None:
    state = StreamState(positions)
    changed("1", "2", "3")
    before = kept(state)
    positions.keep("t", "shard", "2")
    # This snapshot is the first that has what followed; it may still be lost itself.
    meanwhile = kept(state)

    assert (before, meanwhile, kept(state)) == (["1", "2", "3"], ["1", "2", "3"], ["3"])


def test_what_was_followed_up_long_ago_is_forgotten_and_readers_stay_where_they_are(
    positions: Positions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_state, "_KEPT_IN_MEMORY", 1)
    state = StreamState(positions)
    changed("1", "2", "3")
    positions.keep("t", "shard", "3")
    kept(state)
    kept(state)

    assert dynamodb._stream_trimmed.get_scoped(*PLACE) == 2
    assert [record["dynamodb"]["SequenceNumber"] for record in dynamodb._stream_records.get_scoped(*PLACE)] == ["3"]


def test_after_a_restart_all_that_was_kept_is_read_again(positions: Positions) -> None:
    changed("1", "2")
    unfinished = StreamState(positions).unfinished()
    positions.keep("t", "shard", "2")
    dynamodb._stream_records.clear()
    StreamState(positions).restore(unfinished)

    assert positions.last("t") == {}
    assert len(dynamodb._stream_records.get_scoped(*PLACE)) == 2
