"""Turns of speech that give away what a sentence does: undertake, ask for, decide, or just be polite.

People mix English and Russian in one meeting, so both sets are always tried.
"""

import re
from typing import Final

KNOWN_LANGUAGES: Final = frozenset({"en", "ru"})


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_DO: Final = (
    "(?:add|announce|arrange|ask|assign|book|buy|call|cancel|check|circulate|collect|confirm|contact|coordinate|create"
    "|deliver|deploy|draft|email|escalate|file|fill|find|finish|fix|follow up|forward|get back|give|hand|hire|inform"
    "|install|invite|investigate|let (?:them|him|her|us|me|everyone) know|look into|look at|make|meet|message|move"
    "|notify|open|order|pay|pick up|ping|post|prepare|present|print|publish|put together|reach out|remind|renew|reply"
    "|report|request|reschedule|review|rewrite|run|schedule|send|set up|share|ship|sign|speak|submit|sync|take care"
    "|talk|tell|test|transfer|translate|update|upload|verify|write)"
)
_GAP: Final = r"(?:[\s,]+[\w'-]+){0,3}?[\s,]+"
_NAMED: Final = r"(?:^|[.,!?:]\s+)(?:[\w-]+,\s+)?(?:(?:and|also|then|please|just)[\s,]+)*"

_ASKS: Final = _any(
    rf"\b(?:please|can you|could you|will you|would you|don't forget to|remember to|make sure(?: to)?)\b{_GAP}{_DO}\b",
    rf"\b(?:i'll|i will|we'll|we will|i'm going to|we're going to|let me|let's)\b{_GAP}{_DO}\b",
    rf"\b[\w-]+ will{_GAP}{_DO}\b",
    rf"{_NAMED}{_DO}\b\s+(?:the|a|an|all|him|her|them|me|us|it|to|up|out|for|our|your|everyone|this|that)\b",
    rf"{_NAMED}(?:don't forget|remember|make sure|please)\b",
)
_OBLIGES: Final = _any(rf"\b(?:need to|needs to|have to|has to|must|got to|gotta)\b{_GAP}{_DO}\b")
_ADVISES: Final = _any(rf"\b(?:should|ought to)\b{_GAP}{_DO}\b")
_DUE: Final = _any(
    r"\b(?:by|until|before|on|due|this|next|till)\s+(?:the\s+)?(?:end|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday|noon|tonight|tomorrow|week|month|morning|january|february|march|april|june|july|august|september|october"
    r"|november|december|\d)",
    r"\b(?:tomorrow|tonight|today|asap|right after)\b",
    r"\b(?:до|к|ко|не позднее|в|во|на)\s+(?:конц|понедельник|вторник|сред|четверг|пятниц|суббот|воскресень|завтра|вечер"
    r"|утр|следующ|этой неделе|январ|феврал|март|апрел|июн|июл|август|сентябр|октябр|ноябр|декабр|\d)",
    r"\b(?:завтра|послезавтра|сегодня|срочно)\b",
)
_WAIVED: Final = _any(
    r"\b(?:don't|doesn't|do not|does not|didn't|not) (?:need|have) to\b",
    r"\bno need\b|\bneedn't\b|\bshould have\b|\bshould've\b|\bcould have\b|\bhad to\b|\bused to\b",
    r"\b(?:will not|won't|can't|cannot)\b",
    r"\bне (?:нужно|надо|обязательно|должн\w+|стоит|придется)\b|\bнезачем\b|\bнеобязательно\b",
    r"\b(?:надо|нужно|должн\w+|должен) был[аио]?\b",
)

_TO_DO: Final = (
    "(?:добав|довед|договор[июья]|допи[сш]|забер|заброн|завед|завес|закаж|заказа|закр[оы]|заложи|запи[сш]"
    "|запланир|запро[сш]|запус[тк]|запущ|измен|исправ|куп[ил]|назнач|напи[сш]|напомн|настро|найд|найти|обзвон|обнов"
    "|обсуди|объяв|оплат|оплач|опубл|организ|отправ|оформ|пере[дн][аие]|перезвон|переш|подготов|подключ|подпи[сш]"
    "|поговор|позвон|позов|показа|покаж|попро[сш]|поправ|постав|построи|посчит|предлож|предупре|пригла[сш]|пришл|присла"
    "|провед|провес|провер|прото|разбер|разобра|разо[шс]|рассчит|сверс|свяж|связа|сверь|сдела|скин|собер|собра|согласу"
    "|согласова|сообщ|созвон|созда|состав|спро[сш]|убра|убер|удал|узна|уточн)"
)
_TASK_RU: Final = rf"\b{_TO_DO}\w*"
_ASKS_RU: Final = _any(
    # Imperatives, the polite ones too.
    rf"\b{_TO_DO}\w*?(?:[ьйи]те|(?<!л)ись|итесь|ьтесь)\b",
    r"\b(?:добавь|допиши|забери|забронируй|заведи|закажи|закрой|запиши|запроси|запусти|измени|исправь|купи|назначь"
    r"|напиши|напомни|настрой|найди|обзвони|обнови|оплати|опубликуй|организуй|отправь|оформи|передай|перенеси|перезвони"
    r"|перешли|подготовь|подключи|подпиши|поговори|позвони|позови|покажи|попроси|поправь|поставь|посчитай|предупреди"
    r"|пригласи|пришли|проведи|проверь|разбери|разошли|рассчитай|сверь|сделай|скинь|собери|согласуй|сообщи|создай"
    r"|составь|спроси|убери|удали|узнай|уточни)\b",
    r"\bне забудь(?:те)?\b|\bпроследи(?:те)?\b",
    # "I shall send", "he will send": the perfective future.
    rf"\b{_TO_DO}\w*?(?:лю|шу|жу|чу|щу|ню|рю|ду|ру|ю|дам|мусь|нюсь|шлю|юсь)\b",
    rf"\b[а-я]+ {_TO_DO}\w*?(?:ит|ет|аст|ится|ется)\b",
    rf"\b(?:давай(?:те)?|прошу|попрошу|пожалуйста|мож(?:ешь|ете)|смож(?:ешь|ете)){_GAP}{_TASK_RU}",
)
_OBLIGES_RU: Final = _any(
    rf"\b(?:нужно|надо|необходимо|должен|должна|должны|обязан\w*|придется|осталось|остается)\b{_GAP}{_TASK_RU}"
)
_ADVISES_RU: Final = _any(rf"\b(?:следует|стоит|хорошо бы|неплохо бы)\b{_GAP}{_TASK_RU}")
_REQUEST: Final = _any(
    r"\b(?:can|could|will|would) you\b", r"\bplease\b", r"\bпожалуйста\b", r"\b(?:с?мож(?:ешь|ете))\b"
)

_DECIDES: Final = _any(
    r"\b(?:decided|decision|agreed|agree on|approved?|settled?|the plan is|go(?:ing)? with|postpon\w+|conclu\w+"
    r"|to sum up|in summary|recap|final(?:ly)? (?:date|version|answer|number)|deadline)\b",
    r"\bwe(?:'ll| will|'re going to| are going to) (?:launch|move|keep|use|start|stop|switch|cut|raise|hire|ship|delay"
    r"|drop|freeze|stay|stick|push)\b",
    r"\b(?:реши(?:ли|ло|л|м)|решен[оиа]\w*|договорил\w+|договоренност\w+|утвер\w+|согласован\w*|остановились"
    r"|останавливаемся|принято|в итоге|итак|итог\w*|подвед\w+|подыто\w+|план такой|переносим|отменяем|откладываем"
    r"|выбираем|берем|запускаем|оставляем|фиксируем|сокращаем|увеличиваем)\b",
)
_POLITE: Final = _any(
    r"\b(?:weekends?|weather|rain\w*|sunny|snow\w*|coffee|lunch|traffic|vacation|holidays?|how are you|how's everyone"
    r"|good (?:morning|afternoon|evening)|can (?:you|everyone) hear|hear me|on mute|muted|my screen|football|movie"
    r"|nice to see|thanks|thank you|have a (?:good|nice|great)|birthday|bye|see you|minutes late)\b",
    r"\b(?:выходны\w+|погод\w+|дожд\w+|снег\w*|кофе|пробк\w+|отпуск\w*|как дела|добр(?:ое|ый|ого) (?:утр|ден|веч|дн)\w*"
    r"|привет|слышно|экран|микрофон\w*|футбол\w*|кино|спасибо|хорош(?:его|их) (?:дня|вечера|выходных)|до свидания"
    r"|всем пока|дн(?:ем|я) рождения|день рождения|дач[аеиу]|шашлык\w*|здравствуйте|до встречи)\b",
)
_LEANING: Final = _any(
    r"^(?:he|she|it|they|this|that|these|those|which|because|then|also|same|его|ее|их|он|она|оно|они|это|этот|эта|эти"
    r"|там|тогда|потому|такой|поэтому|тоже|зато)\b"
)


def task_strength(text: str) -> int:
    """How clearly somebody undertakes or is asked to do something: 0 not at all, 3 with a date."""
    said = _fold(text)
    if _WAIVED.search(said) or (said.endswith("?") and not _REQUEST.search(said)):
        return 0
    clear = any(cue.search(said) for cue in (_ASKS, _ASKS_RU, _OBLIGES, _OBLIGES_RU))
    if not clear and not (_ADVISES.search(said) or _ADVISES_RU.search(said)):
        return 0
    return 1 + clear + bool(_DUE.search(said))


def decides(text: str) -> bool:
    """Whether a sentence sounds like a decision or like summing up."""
    return not text.endswith("?") and bool(_DECIDES.search(_fold(text)))


def is_polite(text: str) -> bool:
    """Whether a sentence is small talk, or about the call itself."""
    return bool(_POLITE.search(_fold(text)))


def leans(text: str) -> bool:
    """Whether a sentence begins by pointing at another one, and so says little alone."""
    return bool(_LEANING.search(_fold(text)))


def _fold(text: str) -> str:
    return text.casefold().replace("ё", "е").replace("’", "'").strip()
