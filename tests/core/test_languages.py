import pytest

from functions.core.languages import LANGUAGE_NAMES, LANGUAGES, language_code


def test_every_language_of_whisper_has_a_name_of_its_own() -> None:
    assert len(LANGUAGES) == 100
    assert len(set(LANGUAGE_NAMES.values())) == 100


def test_a_language_is_found_by_its_code_and_by_its_name() -> None:
    assert all(language_code(code) == language_code(name) == code for code, name in LANGUAGE_NAMES.items())


@pytest.mark.parametrize(("said", "code"), [("Russian", "ru"), (" EN ", "en"), ("castilian", "es"), ("flemish", "nl")])
def test_case_and_other_names_do_not_matter(said: str, code: str) -> None:
    assert language_code(said) == code


@pytest.mark.parametrize("said", ["", "xx", "en-US", "klingon", "русский"])
def test_what_is_no_language_of_whisper_has_no_code(said: str) -> None:
    assert language_code(said) is None
