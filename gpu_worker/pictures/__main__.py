"""`python -m gpu_worker.pictures FILE`: one video into ASCII on this machine, without a house around it."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import ValidationError

from functions.core.jobs.ascii_options import AsciiVideoOptions
from functions.core.jobs.ascii_video import ENDINGS, AsciiVideo, File, ascii_video_to_json, download_name
from functions.core.observability import set_up_logging
from gpu_worker.pictures.failures import NotRenderable
from gpu_worker.pictures.limits import Limits
from gpu_worker.pictures.sandbox import Bounds, Died, Sandbox

# One's own file on one's own machine may take its time.
BOUNDS: Final = Bounds(timeout_seconds=3600, memory_mb=4096, video=Limits(longest_seconds=24 * 3600))

Say = Callable[[dict[str, Any]], None]


class _Files:
    """Takes what is made into files beside each other, which get their names when all of it is there."""

    def __init__(self, source: Path, into: Path, say: Say) -> None:
        self._source = source
        self._into = into
        self._say = say
        self._open: dict[File, BinaryIO] = {}

    @property
    def paths(self) -> dict[File, Path]:
        return {
            file: self._into / download_name(self._source.name, ENDINGS[file]) for file in File if file in self._open
        }

    def made(self, file: File, chunk: bytes) -> None:
        if file not in self._open:
            self._open[file] = self._unfinished(file).open("wb")
        self._open[file].write(chunk)

    def still(self, png: bytes) -> None:
        pass

    def progressed(self, done: float, total: float | None, frames: int) -> None:
        self._say({"done": done, "total": total, "frames": frames})

    def tick(self) -> None:
        pass

    def finish(self) -> dict[File, int]:
        for file, path in self.paths.items():
            self._open[file].close()
            self._unfinished(file).replace(path)
        return {file: path.stat().st_size for file, path in self.paths.items()}

    def clear(self) -> None:
        for file, opened in self._open.items():
            opened.close()
            self._unfinished(file).unlink(missing_ok=True)

    def _unfinished(self, file: File) -> Path:
        return self._into / f"{download_name(self._source.name, ENDINGS[file])}.part"


def draw(source: Path, into: Path, options: AsciiVideoOptions, say: Say, *, sandbox: Sandbox) -> None:
    """Draw a file into a folder, and say what was made.

    Raises:
        NotRenderable: it cannot be drawn.
        OSError: it cannot be read, or what is made cannot be written.
    """
    with ExitStack() as stack:
        file = stack.enter_context(source.open("rb"))
        files = _Files(source, into, say)
        stack.callback(files.clear)

        def read_range(start: int, end: int) -> bytes:
            file.seek(start)
            return file.read(end - start)

        video = sandbox.render(options, size=source.stat().st_size, read_range=read_range, watcher=files)
        sizes = files.finish()
        say({"made": {"result": _result(video, sizes), "paths": {name: str(at) for name, at in files.paths.items()}}})


def main(arguments: list[str] | None = None, *, sandbox: Sandbox | None = None) -> int:
    """Run; the exit status is 0 if all went well, 1 if something failed, 2 if it is used wrongly."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.pictures", description="Turn a video into ASCII.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--into", type=Path, help="the folder for what is made; without it that of the file")
    parser.add_argument("--options", default="{}", help="as the API takes them, in JSON (docs/ascii.md)")
    parser.add_argument("--json", action="store_true", help="say everything in lines of JSON, for programs")
    told = parser.parse_args(arguments)
    set_up_logging("pictures", level="ERROR", form="console")
    say = _say_json if told.json else _say_plain
    try:
        options = AsciiVideoOptions.model_validate_json(told.options)
        draw(told.file, told.into or told.file.parent, options, say, sandbox=sandbox or Sandbox(BOUNDS))
    except ValidationError as error:
        first = error.errors()[0]
        say(_error("invalid", f"{'.'.join(map(str, first['loc'])) or 'options'}: {first['msg']}"))
        return 2
    except NotRenderable as error:
        say(_error(error.code, error.detail))
        return 1
    except OSError as error:
        say(_error("failed", f"{error.filename or told.file}: {error.strerror or error}."))
        return 1
    except Died:
        say(_error("out-of-memory", "The machine ran out of memory on this video."))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _result(video: AsciiVideo, sizes: dict[File, int]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ascii_video_to_json(video))
    return told | {"files": {file: {"bytes": size} for file, size in sizes.items()}}


def _error(code: str, detail: str) -> dict[str, Any]:
    return {"error": {"code": code, "detail": detail}}


def _say_json(what: dict[str, Any]) -> None:
    print(json.dumps(what, ensure_ascii=False), flush=True)  # noqa: T201 - it is a program


def _say_plain(what: dict[str, Any]) -> None:
    if "error" in what:
        print(f"{what['error']['detail']} ({what['error']['code']})", file=sys.stderr)  # noqa: T201
    elif "made" in what:
        for path in what["made"]["paths"].values():
            print(path)  # noqa: T201
    else:
        total = f" of {what['total']:.0f}" if what["total"] else ""
        print(f"\r{what['done']:.0f}{total} s, {what['frames']} frames", end="", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
