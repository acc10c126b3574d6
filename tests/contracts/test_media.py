import io
from uuid import uuid4

import pytest

from functions.core.errors import NotFound
from functions.core.recordings.media import Media, Stored


def a_key() -> str:
    return f"media/usr_1/{uuid4()}/source"


def test_what_was_written_is_read_back(media: Media) -> None:
    key = a_key()

    media.write(key, b"0123456789", content_type="audio/wav")

    assert media.find(key) == Stored(size=10, content_type="audio/wav")
    assert media.read(key) == b"0123456789"
    assert media.read(key, first=3) == b"012"
    file = io.BytesIO()
    media.save_to(key, file)
    assert file.getvalue() == b"0123456789"


def test_an_empty_object_is_read_as_nothing(media: Media) -> None:
    key = a_key()

    media.write(key, b"", content_type="audio/wav")

    assert media.find(key) == Stored(size=0, content_type="audio/wav")
    assert media.read(key, first=3) == b""


def test_what_is_not_there_is_not_found(media: Media) -> None:
    key = a_key()

    assert media.find(key) is None
    with pytest.raises(NotFound):
        media.read(key)
    with pytest.raises(NotFound):
        media.save_to(key, io.BytesIO())


def test_what_was_removed_is_gone_and_may_be_removed_again(media: Media) -> None:
    key = a_key()
    media.write(key, b"x", content_type="audio/wav")

    media.remove(key)
    media.remove(key)

    assert media.find(key) is None
