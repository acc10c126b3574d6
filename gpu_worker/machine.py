"""What a worker runs on: processors, memory, GPU, and the versions of what does the work."""

import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import av
import ctranslate2

from functions.core.jobs.worker_report import Gpu

CGROUP: Final = Path("/sys/fs/cgroup")
_PACKAGES: Final = ("faster-whisper", "ctranslate2", "av", "numpy", "onnxruntime")
_CUDA_PACKAGES: Final = ("nvidia-cublas-cu12", "nvidia-cudnn-cu12")
_PR_SET_DUMPABLE: Final = 4
_ASK_THE_DRIVER: Final = (
    "nvidia-smi",
    "--query-gpu=name,memory.total,driver_version",
    "--format=csv,noheader,nounits",
)
_PATIENCE: Final = 10
"""Seconds. A driver that has slept takes a few."""


def cpus() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_mb(cgroup: Path = CGROUP) -> int:
    """Return the machine's memory, or what its container may use of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # Version 2 of control groups, then 1; "max" and huge numbers are no limit.
    said = [_text(cgroup / name) for name in ("memory.max", "memory/memory.limit_in_bytes")]
    return min([machine, *(int(limit) for limit in said if limit.isdecimal())]) // 2**20


def hide_memory() -> None:
    """Let no other process of the same user read this one's memory and environment, where its credentials are."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def gpu_and_versions(*, ask: Sequence[str] = _ASK_THE_DRIVER) -> tuple[Gpu | None, dict[str, str]]:
    """Return the GPU, if there is one, and all versions, its driver's among them."""
    found = versions()
    if not ctranslate2.get_cuda_device_count():
        return None, found
    name, memory, driver = _of_the_driver(ask)
    libraries = {package: _version(package) for package in _CUDA_PACKAGES}
    cuda = {"nvidia-driver": driver, **libraries}
    gpu = Gpu(name=name or "unknown", memory_mb=int(memory) if memory.isdecimal() else None)
    return gpu, found | {package: one for package, one in cuda.items() if one}


def versions() -> dict[str, str]:
    """Return the versions of what does the work; FFmpeg's libraries come inside PyAV."""
    packages = {package: _version(package) for package in _PACKAGES}
    libraries = {name: ".".join(map(str, numbers)) for name, numbers in av.library_versions.items()}
    named = {"python": platform.python_version(), **packages, "ffmpeg": av.ffmpeg_version_info, **libraries}
    return {name: one for name, one in named.items() if one}


def _of_the_driver(ask: Sequence[str]) -> tuple[str, str, str]:
    """Ask for name, memory and driver; empty where it does not say, for containers may come without the program."""
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=_PATIENCE, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return "", "", ""
    # A line for each GPU; the model runs on the first.
    parts = [part.strip() for part in answer.partition("\n")[0].split(",")]
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""
