import pytest

from functions.core.accounts.messages import Channel, Message, Template
from functions.messages.words import Text, text_of

GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
FACTS = {
    Template.CODE: {"code": "905217", "purpose": "login"},
    Template.ALREADY_REGISTERED: {},
    Template.INACTIVE: {"days": "30"},
}
PURPOSES = ["register", "login", "reset", "phone"]


def written(template: Template = Template.CODE, **facts: str) -> Text:
    message = Message(
        id="msg_1", channel=Channel.SMS, to="+79161234567", template=template, facts=FACTS[template] | facts
    )
    return text_of(message)


def is_russian(text: Text) -> bool:
    return any("а" <= letter <= "я" for letter in text.body)


def test_a_code_stands_first_with_how_long_it_works() -> None:
    assert written().body == "905217 is your Parley code. It works for 5 minutes; never give it to anyone."


@pytest.mark.parametrize("template", Template)
@pytest.mark.parametrize(("locale", "expected"), [("ru", True), ("ru-RU", True), ("en", False), ("de-AT", False)])
def test_the_reader_is_written_to_in_russian_or_else_in_english(
    template: Template, locale: str, expected: bool
) -> None:
    assert is_russian(written(template, locale=locale)) is expected


def test_without_a_locale_a_message_is_english_also_to_a_russian_number() -> None:
    assert not is_russian(written())


@pytest.mark.parametrize("template", Template)
def test_an_english_message_fits_one_sms(template: Template) -> None:
    body = written(template).body

    assert len(body) <= 160
    assert set(body) <= GSM_7


def test_a_russian_code_fits_one_sms() -> None:
    assert len(written(locale="ru").body) <= 70


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_subject_says_what_a_code_is_for_and_not_the_code(locale: str) -> None:
    subjects = {written(purpose=purpose, locale=locale).subject for purpose in PURPOSES}

    assert len(subjects) == len(PURPOSES)
    assert not any("905217" in subject for subject in subjects)


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_code_for_what_the_words_do_not_know_yet_is_sent_all_the_same(locale: str) -> None:
    text = written(purpose="vote", locale=locale)

    assert "905217" in text.body
    assert text.subject


@pytest.mark.parametrize(
    ("locale", "days", "expected"),
    [
        ("en", "1", "in 1 day."),
        ("en", "30", "in 30 days."),
        ("ru", "1", "через 1 день."),
        ("ru", "3", "через 3 дня."),
        ("ru", "11", "через 11 дней."),
        ("ru", "14", "через 14 дней."),
        ("ru", "21", "через 21 день."),
        ("ru", "30", "через 30 дней."),
    ],
)
def test_days_are_counted_in_good_grammar(locale: str, days: str, expected: str) -> None:
    assert expected in written(Template.INACTIVE, locale=locale, days=days).body


def test_days_that_are_no_number_are_an_error() -> None:
    with pytest.raises(ValueError, match="soon"):
        written(Template.INACTIVE, days="soon")
