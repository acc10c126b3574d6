"""How long each handler takes to import, as a whole process, and what of it dominates.

It is most of a cold start. A Lambda has another processor: the order and the shares are what to look at.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from infra.local.template import read_template
from tests.setting_values import VALUES

ROOT: Final = Path(__file__).parent.parent
ROUNDS: Final = 7
# What people know by name; the rest is small.
PACKAGES: Final = (
    "fastapi",
    "mangum",
    "boto3",
    "pydantic_settings",
    "pydantic",
    "structlog",
    "argon2",
    "cryptography",
    "jwt",
    "phonenumbers",
    "puremagic",
)


def measure() -> None:
    """Print a table of medians and of the largest shares."""
    with tempfile.TemporaryDirectory() as folder:
        _measure_with(_as_on_lambda(Path(folder)))


def _as_on_lambda(folder: Path) -> str:
    """Make an environment of what a function finds on AWS and no more: the layer, and the runtime's boto3."""
    uv, python = str(Path(sys.executable).parent / "uv"), str(folder / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python]
    subprocess.run([*install, "--requirement", str(ROOT / "requirements" / "api.txt")], check=True)
    subprocess.run([*install, f"boto3=={version('boto3')}"], check=True)
    return python


def _measure_with(python: str) -> None:
    bare = _median_seconds(python, "pass", {})
    print(f"Bare interpreter: {bare * 1000:.0f} ms. Whole process less that, median of {ROUNDS}.\n")
    print("| handler | ms | of it, by `-X importtime` (ms, each with what it imports first) |\n|---|---|---|")
    template = read_template(ROOT / "template.yaml")
    everybodys = template["Globals"]["Function"]["Environment"]["Variables"]
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        names = {*everybodys, *properties["Environment"]["Variables"]}
        module = properties["Handler"].rpartition(".")[0]
        environment = {name: VALUES.get(name, "x") for name in names}
        seconds = _median_seconds(python, f"import {module}", environment) - bare
        print(f"| `{module}` | {seconds * 1000:.0f} | {_shares(python, module, environment)} |")


def _median_seconds(python: str, code: str, environment: Mapping[str, str]) -> float:
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        _run([python, "-c", code], environment)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])  # the first one fills the page cache


def _shares(python: str, module: str, environment: Mapping[str, str]) -> str:
    report = _run([python, "-X", "importtime", "-c", f"import {module}"], environment)
    found = re.findall(r"\|\s+(\d+) \|\s+(\S+)$", report, re.MULTILINE)
    cumulative = {name: int(microseconds) / 1000 for microseconds, name in found if name in PACKAGES}
    largest = sorted(cumulative.items(), key=lambda share: -share[1])
    return ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in largest if milliseconds >= 5)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    ours = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AWS_DEFAULT_REGION": "eu-central-1"}
    done = subprocess.run(command, env={**ours, **environment}, check=True, capture_output=True, text=True)
    return done.stderr
