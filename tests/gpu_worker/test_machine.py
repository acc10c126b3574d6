import subprocess
import sys
from pathlib import Path

import ctranslate2
import pytest

from functions.core.jobs.worker_report import Gpu
from gpu_worker.machine import cpus, gpu_and_versions, memory_mb, versions

ROOT = Path(__file__).parents[2]


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def saying(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"print({text!r})")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)


def test_versions_name_all_that_does_the_work() -> None:
    found = versions()

    assert {"python", "faster-whisper", "ctranslate2", "av", "numpy", "onnxruntime", "ffmpeg"} <= found.keys()
    assert found["libavcodec"].count(".") == 2


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_containers_limit_is_its_memory(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, f"{64 * 2**20}\n")

    assert memory_mb(tmp_path) == 64


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n", ""])
def test_without_a_limit_it_is_the_machines(tmp_path: Path, text: str) -> None:
    put(tmp_path / "memory.max", text)

    assert memory_mb(tmp_path) == memory_mb(tmp_path / "nowhere") > 64


def test_there_is_a_processor() -> None:
    assert cpus() >= 1


def test_without_a_device_nobody_is_asked_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)

    assert gpu_and_versions(ask=("no-such-program",)) == (None, versions())


def test_the_first_gpu_says_name_memory_and_driver(cuda: None) -> None:
    gpu, found = gpu_and_versions(ask=saying("NVIDIA H200, 143771, 550.54.15\nNVIDIA T4, 15360, 550.54.15"))

    assert gpu == Gpu(name="NVIDIA H200", memory_mb=143771)
    assert found["nvidia-driver"] == "550.54.15"


def test_a_slice_of_a_gpu_may_keep_its_memory_to_itself(cuda: None) -> None:
    gpu, _ = gpu_and_versions(ask=saying("NVIDIA H200, [N/A], 550.54.15"))

    assert gpu == Gpu(name="NVIDIA H200")


@pytest.mark.parametrize("ask", [("no-such-program",), (sys.executable, "-c", "raise SystemExit(9)"), saying("?")])
def test_a_gpu_whose_driver_says_nothing_is_there_all_the_same(cuda: None, ask: tuple[str, ...]) -> None:
    gpu, found = gpu_and_versions(ask=ask)

    assert gpu == Gpu(name="unknown")
    assert "nvidia-driver" not in found


@pytest.mark.skipif(sys.platform != "linux", reason="a matter of the kernel")
def test_memory_is_hidden_from_others_of_the_same_user() -> None:
    program = (
        "import ctypes; from gpu_worker.machine import hide_memory\n"
        "before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)\n"
        "hide_memory()\n"
        "print(before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.split() == ["1", "0"]
