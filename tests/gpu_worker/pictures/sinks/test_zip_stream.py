import io
import os
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.pictures.sinks.zip_stream import ZipStream
from tests.gpu_worker.pictures.sinks.scenes import Output


class _Sparse(io.RawIOBase):
    """A file on disk in which long stretches of zeros take no room."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY)
        self._zeros: bytes | None = None

    def skip(self, zeros: bytes) -> None:
        self._zeros = zeros

    def write(self, data: Any) -> int:
        if data is self._zeros:
            os.lseek(self._file, len(data), os.SEEK_CUR)
        else:
            assert os.write(self._file, data) == len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            os.close(self._file)
        super().close()


def _opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=2000)), max_size=5))
def test_whatever_goes_in_comes_out(contents: list[tuple[bool, bytes]]) -> None:
    output = Output()
    stream = ZipStream(output)
    for number, (is_deflated, data) in enumerate(contents):
        (stream.deflate if is_deflated else stream.store)(f"{number:03}", data)
    stream.finish()
    with _opened(output.data) as opened:
        assert opened.testzip() is None
        assert [opened.read(name) for name in opened.namelist()] == [data for _, data in contents]
        assert {info.date_time for info in opened.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
        assert not any(info.flag_bits for info in opened.infolist())


def test_more_files_than_sixteen_bits_count() -> None:
    output = io.BytesIO()
    stream = ZipStream(output)
    for number in range(70_000):
        stream.store(f"{number:06}", b"")
    stream.store("last", b"here")
    stream.finish()
    with _opened(output.getvalue()) as opened:
        assert len(opened.namelist()) == 70_001
        assert opened.read("last") == b"here"


def test_more_bytes_than_thirty_two_bits_count(tmp_path: Path) -> None:
    zeros = bytes(256 * 1024 * 1024)
    output = _Sparse(tmp_path / "large.zip")
    output.skip(zeros)
    stream: Any = ZipStream(output)  # type: ignore[arg-type]
    for number in range(17):
        stream.store(f"{number}", zeros)
    stream.store("last", b"here")
    stream.finish()
    output.close()
    with zipfile.ZipFile(tmp_path / "large.zip") as opened:
        assert opened.getinfo("last").header_offset > 0xFFFF_FFFF
        assert opened.read("last") == b"here"
        assert len(opened.namelist()) == 18
