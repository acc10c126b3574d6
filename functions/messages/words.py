"""What messages say, in each language. Pure.

An English code fits one SMS of 160 characters (GSM 03.38), a Russian one 70 (UCS-2): every further part costs again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from functions.core.accounts.messages import Message, Template

CODE_LIFE: Final = timedelta(minutes=5)
"""That of `functions.core.accounts.challenges`, which is too heavy to import for one number; a test compares them."""
_MINUTES: Final = CODE_LIFE // timedelta(minutes=1)

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads. An SMS has no subject."""

    subject: str
    body: str


def text_of(message: Message) -> Text:
    """Write a message in its reader's language, English where none is known.

    Raises:
        KeyError: a fact is missing.
        ValueError: a fact is wrong.
    """
    language = "ru" if message.facts.get("locale", "").startswith("ru") else "en"
    return _WRITERS[language, message.template](message.facts)


# The subject is read on locked screens: it never says the code.
_SUBJECTS_EN: Final = {
    "register": "Your code to register with Parley",
    "login": "Your code to sign in to Parley",
    "reset": "Your code for a new Parley password",
    "phone": "Your code to confirm your phone with Parley",
}
_SUBJECTS_RU: Final = {
    "register": "Код для регистрации в Parley",
    "login": "Код для входа в Parley",
    "reset": "Код для нового пароля в Parley",
    "phone": "Код для подтверждения телефона в Parley",
}


def _code_en(facts: Facts) -> Text:
    return Text(
        _SUBJECTS_EN.get(facts["purpose"], "Your Parley code"),
        f"{facts['code']} is your Parley code. It works for {_MINUTES} minutes; never give it to anyone.",
    )


def _code_ru(facts: Facts) -> Text:
    return Text(
        _SUBJECTS_RU.get(facts["purpose"], "Код Parley"),
        f"{facts['code']} - код Parley. Действует {_MINUTES} минут; никому его не сообщайте.",
    )


def _already_registered_en(_: Facts) -> Text:
    return Text(
        "You have a Parley account",
        "Somebody, perhaps you, tried to register this number with Parley. It has an account already: sign in.",
    )


def _already_registered_ru(_: Facts) -> Text:
    return Text(
        "У вас уже есть аккаунт Parley",
        "Кто-то, возможно вы, регистрировал этот номер в Parley. У него уже есть аккаунт: войдите.",
    )


def _inactive_en(facts: Facts) -> Text:
    days = int(facts["days"])
    return Text(
        "Your Parley account will be erased",
        f"Your Parley account is unused and will be erased in {days} {'day' if days == 1 else 'days'}. "
        "Sign in to keep it.",
    )


def _inactive_ru(facts: Facts) -> Text:
    days = int(facts["days"])
    return Text(
        "Ваш аккаунт Parley будет удалён",
        f"Вы давно не входили в Parley. Аккаунт будет удалён через {days} {_days_ru(days)}. "
        "Войдите, чтобы сохранить его.",
    )


def _days_ru(days: int) -> str:
    if days % 10 == 1 and days % 100 != 11:
        return "день"
    return "дня" if days % 10 in {2, 3, 4} and days % 100 not in {12, 13, 14} else "дней"


_WRITERS: Final[dict[tuple[str, Template], Callable[[Facts], Text]]] = {
    ("en", Template.CODE): _code_en,
    ("ru", Template.CODE): _code_ru,
    ("en", Template.ALREADY_REGISTERED): _already_registered_en,
    ("ru", Template.ALREADY_REGISTERED): _already_registered_ru,
    ("en", Template.INACTIVE): _inactive_en,
    ("ru", Template.INACTIVE): _inactive_ru,
}
