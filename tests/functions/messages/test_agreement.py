"""The words import nothing of the codes, and must say the same."""

from functions.core.accounts.challenges import CODE_LIFE, Reason
from functions.messages import words


def test_messages_say_how_long_a_code_really_works() -> None:
    assert words.CODE_LIFE == CODE_LIFE


def test_every_reason_for_a_code_has_its_subject_in_each_language() -> None:
    assert set(words._SUBJECTS_EN) == set(words._SUBJECTS_RU) == {reason.value for reason in Reason}
