"""How large the files became that sinks wrote."""

from typing import Any, BinaryIO, cast

from typing_extensions import Buffer

from functions.core.jobs.ascii_video import File
from gpu_worker.pictures.sinks.sink import OpenOutput


class CountedOutputs:
    """Opens outputs and counts what is written to them."""

    def __init__(self, open_output: OpenOutput) -> None:
        self._open_output = open_output
        self._opened: dict[File, _Counted] = {}

    def __call__(self, file: File) -> BinaryIO:
        """Open."""
        self._opened[file] = _Counted(self._open_output(file))
        return cast("BinaryIO", self._opened[file])

    @property
    def sizes(self) -> dict[File, int]:
        """How many bytes each file has."""
        return {file: counted.size for file, counted in self._opened.items()}


class _Counted:
    """The file itself in all but `write`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0

    def write(self, data: Buffer) -> int:
        self._file.write(data)
        size = memoryview(data).nbytes
        self.size += size
        return size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
