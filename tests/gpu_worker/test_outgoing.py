import threading

import pytest

from functions.core.jobs.ascii_video import File
from functions.core.recordings.media import StoredPart
from gpu_worker.outgoing import AT_ONCE, Outgoing
from tests.fakes.media import FakeMedia


class Stumbling(FakeMedia):
    """Takes no part after the first."""

    def write_part(self, key: str, upload_id: str, number: int, body: bytes) -> StoredPart:
        if number > 1:
            raise ConnectionError("the bucket is away")
        return super().write_part(key, upload_id, number, body)


class Slow(FakeMedia):
    """Takes parts only as a test lets it, and counts those that come at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most = self.now = 0
        self.lock = threading.Lock()
        self.all_there = threading.Barrier(AT_ONCE, timeout=10)

    def write_part(self, key: str, upload_id: str, number: int, body: bytes) -> StoredPart:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.all_there.wait()
        with self.lock:
            self.now -= 1
        return super().write_part(key, upload_id, number, body)


def outgoing(media: FakeMedia) -> Outgoing:
    return Outgoing(media, key_of=lambda name: f"results/job_1/1/{name}", part=4)


def test_files_that_are_made_side_by_side_arrive_whole_and_are_kept_briefly() -> None:
    media = FakeMedia()

    with outgoing(media) as files:
        for chunk in (b"012", b"3456789", b"", b"abcdef"):
            files.write(File.VIDEO, chunk)
            files.write(File.GIF, chunk[:1])
        sizes = files.finish()

    assert sizes == {File.VIDEO: 16, File.GIF: 3}
    assert media.objects == {
        "results/job_1/1/video.mp4": (b"0123456789abcdef", "video/mp4"),
        "results/job_1/1/video.gif": (b"03a", "image/gif"),
    }
    assert media.brief == set(media.objects)
    assert media.uploads == {}


def test_parts_but_the_last_have_all_one_size() -> None:
    media = FakeMedia()

    with outgoing(media) as files:
        files.write(File.VIDEO, b"0123456789")
        [upload] = media.uploads.values()
        files.finish()

    assert upload.parts == {1: b"0123", 2: b"4567", 3: b"89"}


def test_what_is_not_finished_is_given_up() -> None:
    media = FakeMedia()

    with outgoing(media) as files:
        files.write(File.VIDEO, b"0123456789")
        files.write(File.TXT, b"0123456789")

    assert (media.uploads, media.objects) == ({}, {})


def test_a_part_that_cannot_be_stored_is_told_and_the_rest_given_up() -> None:
    media = Stumbling()

    with outgoing(media) as files:
        files.write(File.VIDEO, b"0123456789")
        with pytest.raises(ConnectionError):
            files.finish()

    assert (media.uploads, media.objects) == ({}, {})


def test_no_more_parts_than_two_are_on_their_way() -> None:
    media = Slow()

    with outgoing(media) as files:
        files.write(File.VIDEO, bytes(4 * 6))
        files.finish()

    assert media.most == AT_ONCE
