import pytest

from gpu_worker.language.tongues import is_in_another_language, named, script_of

ENGLISH = (
    "The team decided to move the launch of the app to March, and the budget for the new phones was approved. "
    "Boris will write the schedule for the engineers, and Anna will talk to the agency."
)
GERMAN = (
    "Das Team hat beschlossen, den Start der App auf März zu verschieben, und das Budget für die neuen Telefone wurde "
    "genehmigt. Boris schreibt den Plan für die Ingenieure, und Anna spricht mit der Agentur über den Termin."
)
RUSSIAN = "Команда решила перенести запуск приложения на март и утвердила бюджет в GitHub."
JAPANESE = "新しい製品の発売は三月です。チームは予算を承認しました。"


def test_a_language_is_called_by_its_name_where_it_has_one() -> None:
    assert (named("ru"), named("ht"), named("xx")) == ("Russian (ru)", "Haitian Creole (ht)", "xx")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        (RUSSIAN, "ru"),
        (JAPANESE, "ja"),
        (RUSSIAN, "uk"),
        (ENGLISH, "sr"),
        ("Ok", "ru"),
    ],
)
def test_a_text_in_the_language_asked_for_passes_and_so_does_what_cannot_be_told(text: str, code: str) -> None:
    assert not is_in_another_language(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [(ENGLISH, "ru"), (RUSSIAN, "en"), (ENGLISH, "de"), (GERMAN, "en"), (JAPANESE, "en"), (ENGLISH, "ja")],
)
def test_a_text_that_is_clearly_in_another_language_is_caught(text: str, code: str) -> None:
    assert is_in_another_language(text, code)


def test_a_language_with_two_scripts_has_none() -> None:
    assert (script_of("sr"), script_of("ru"), script_of("de")) == (None, "CYRILLIC", "LATIN")
