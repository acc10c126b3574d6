"""What is tested is what runs: one version of everything, on every Python and in every place."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "requirements"


def pins(lock: str) -> dict[str, set[str]]:
    found = defaultdict(set)
    text = (FOLDER / f"{lock}.txt").read_text()
    for name, version in re.findall(r"^([\w.-]+)(?:\[\S+\])?==([^\s;]+)", text, re.MULTILINE):
        found[name].add(version)
    return found


@pytest.mark.parametrize("lock", [path.stem for path in FOLDER.glob("*.txt")])
def test_a_lock_names_one_version_of_each_package_and_no_address(lock: str) -> None:
    assert {name for name, versions in pins(lock).items() if len(versions) > 1} == set()
    assert "://" not in (FOLDER / f"{lock}.txt").read_text()


@pytest.mark.parametrize("lock", ["bootstrap", "api", "search", "worker", "local"])
def test_what_runs_is_locked_to_what_is_tested(lock: str) -> None:
    tested = pins("dev")

    assert {name: versions for name, versions in pins(lock).items() if tested[name] != versions} == {}
