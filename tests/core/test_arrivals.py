from collections.abc import Sequence
from dataclasses import replace

import pytest

from functions.core.jobs.model import Job
from functions.core.recordings.media import source_key
from functions.core.recordings.model import Recording
from functions.core.table import Changed
from tests.builders import a_recording
from tests.house import House

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 100
SHA256 = "a" * 64


@pytest.fixture
def house() -> House:
    return House()


def arrive(house: House, recording: Recording, body: bytes = WAV) -> Recording:
    house.media.write(source_key(recording), body, content_type=recording.content_type)
    house.arrivals.take_in(source_key(recording))
    return house.recordings.get(recording.id)


@pytest.mark.parametrize("announced", [len(WAV) - 1, len(WAV) + 1])
def test_a_file_of_another_size_than_announced_is_refused_and_removed(house: House, announced: int) -> None:
    recording = house.recordings.add(a_recording(size=announced))

    refused = arrive(house, recording)

    assert refused.stored_status == "refused"
    assert refused.error is not None
    assert (refused.error.code, str(len(WAV)) in refused.error.detail) == ("wrong-size", True)
    assert (house.media.objects, refused.job_ids) == ({}, ())


def test_the_report_of_an_upload_in_parts_may_come_twice(house: House) -> None:
    recording = house.recordings.add(a_recording(size=len(WAV), sha256=SHA256, upload_id="up", part_size=100))

    first = arrive(house, recording)
    documents = dict(house.library_table.documents)
    second = arrive(house, recording)

    assert (first.stored_status, first.upload_id) == ("uploaded", None)
    assert second == first
    assert house.library_table.documents == documents


def test_bytes_and_their_hash_are_noted_together(house: House) -> None:
    recording = house.recordings.add(a_recording(size=len(WAV), sha256=SHA256))
    house.library_table.calls.clear()

    arrive(house, recording)

    assert house.library_table.calls["write"] == 1
    assert house.recordings.find_same(recording) is not None


def test_an_upload_whose_recording_is_changed_meanwhile_is_taken_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = house.recordings.add(a_recording(size=len(WAV)))
    receive, renamed = house.recordings.receive, list[Recording]()

    def receive_late(stale: Recording, *, size: int, media_type: str, jobs: Sequence[Job]) -> Recording:
        if not renamed:
            renamed.append(house.recordings.change(stale, lambda fresh: replace(fresh, title="Планёрка")))
        return receive(stale, size=size, media_type=media_type, jobs=jobs)

    monkeypatch.setattr(house.recordings, "receive", receive_late)
    arrived = arrive(house, recording)

    assert (arrived.stored_status, arrived.title, len(arrived.job_ids)) == ("uploaded", "Планёрка", 2)
    assert len(house.queues.waiting()) == 1


def test_a_recording_that_never_stands_still_is_reported_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = house.recordings.add(a_recording(size=len(WAV)))

    def lose(*_: object, **__: object) -> Recording:
        raise Changed

    monkeypatch.setattr(house.recordings, "receive", lose)

    with pytest.raises(Exception, match="changed by many"):
        arrive(house, recording)
