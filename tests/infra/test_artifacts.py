"""What `make build` made: each artifact holds its own door and no other."""

from pathlib import Path

import pytest

from infra.local.template import read_template

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / ".aws-sam" / "build"
FUNCTIONS = {
    name: one["Properties"]["Handler"].split(".")[1]
    for name, one in read_template(ROOT / "template.yaml")["Resources"].items()
    if one["Type"] == "AWS::Serverless::Function"
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_artifact_holds_the_core_what_doors_share_and_its_own_folder(function: str) -> None:
    folders = {one.name for one in (BUILT / function / "functions").iterdir() if one.is_dir()}

    assert folders == {"core", "api", FUNCTIONS[function]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_artifact_is_what_the_working_tree_says(function: str) -> None:
    for built in (BUILT / function / "functions").rglob("*.py"):
        source = ROOT / "functions" / built.relative_to(BUILT / function / "functions")
        assert built.read_bytes() == source.read_bytes(), f"{source} has changed: run `make build`"


def test_the_layer_is_small_and_for_arm64() -> None:
    layer = BUILT / "DependenciesLayer" / "python"
    files = [one for one in layer.rglob("*") if one.is_file()]
    native = [one.name for one in files if one.suffix == ".so"]

    # 14 of them are cryptography; Lambda takes 250.
    assert sum(one.stat().st_size for one in files) < 30 * 1024**2
    assert native
    assert all("aarch64" in name or "abi3" in name for name in native)
    assert not (layer / "boto3").exists(), "the runtime brings its own"
    assert not (layer / "faster_whisper").exists()


def test_the_layer_of_the_functions_that_search_holds_words_and_no_machine_code() -> None:
    layer = BUILT / "SearchLayer" / "python"
    files = [one for one in layer.rglob("*") if one.is_file()]

    # 16 of them are the Russian dictionary.
    assert sum(one.stat().st_size for one in files) < 25 * 1024**2
    assert [one.name for one in files if one.suffix == ".so"] == []
    assert {one.name for one in layer.iterdir() if one.is_dir()} == {
        "dawg_python",
        "pymorphy3",
        "pymorphy3_dicts_ru",
        "snowballstemmer",
    }
