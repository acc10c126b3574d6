"""Presets of the house's own. They name no model: which ones there are is the operator's choice."""

from typing import Any, Final

from functions.core.jobs.model import Kind
from functions.core.jobs.options import Template
from functions.core.presets.model import Preset
from functions.core.presets.names import name_id


def _transcribe(name: str, description: str, **options: Any) -> Preset:
    return Preset(id=name, kind=Kind.TRANSCRIBE, name=name, description=description, options=options)


def _summarise(name: str, description: str, template: Template, *questions: str) -> Preset:
    options = {"template": template.value} | ({"questions": list(questions)} if questions else {})
    return Preset(id=name, kind=Kind.SUMMARISE, name=name, description=description, options=options)


def _ascii(name: str, description: str, **options: Any) -> Preset:
    return Preset(id=name, kind=Kind.ASCII_VIDEO, name=name, description=description, options=options)


BUILT_IN: Final = (
    _transcribe("fast", "A quick draft, without times of single words.", fast=True),
    _transcribe("accurate", "The most careful reading, twice as long a search.", fast=False, beam_size=10),
    _transcribe("captions", "For captions: with times of single words.", fast=False, word_timestamps=True),
    _transcribe("two-sided-call", "A call whose sides are one channel each.", speakers="channels"),
    _transcribe("round-table", "Several people at one microphone, told apart by their voices.", speakers="voices"),
    _transcribe("dictation", "One person; speakers are not told apart.", speakers="none"),
    _transcribe("noisy-place", "Only what is surely speech.", vad={"threshold": 0.7}),
    _transcribe("quiet-speech", "Also what is whispered or far away.", vad={"threshold": 0.3}),
    _transcribe("to-english", "Written in English, whatever is spoken.", task="translate"),
    _summarise("general", "Any recording.", Template.GENERAL),
    _summarise(
        "meeting",
        "Decisions, tasks and what stayed open.",
        Template.MEETING,
        "What was decided, and why?",
        "Who does what, and by when?",
        "Which questions stayed open?",
    ),
    _summarise(
        "совещание",
        "Решения, поручения и открытые вопросы.",
        Template.MEETING,
        "Что решили и почему?",
        "Кто что делает и к какому сроку?",
        "Какие вопросы остались открытыми?",
    ),
    _summarise(
        "sales",
        "What the customer needs, objects to and is promised.",
        Template.SALES,
        "What does the customer need?",
        "What did the customer object to, and what was answered?",
        "Which prices, discounts and terms were named?",
        "What is the agreed next step?",
    ),
    _summarise(
        "продажи",
        "Что нужно клиенту, его возражения и договорённости.",
        Template.SALES,
        "Что нужно клиенту?",
        "Какие были возражения и что на них ответили?",
        "Какие цены, скидки и условия назвали?",
        "О каком следующем шаге договорились?",
    ),
    _summarise(
        "lecture",
        "The subject, the theses, the terms and what to read.",
        Template.LECTURE,
        "Which terms were defined, and how?",
        "What are the listeners to read or to prepare?",
    ),
    _summarise(
        "лекция",
        "Предмет, тезисы, определения и что прочитать.",
        Template.LECTURE,
        "Какие термины определили и как?",
        "Что слушателям нужно прочитать или подготовить?",
    ),
    _summarise("voice-note", "A thought that somebody spoke onto the phone.", Template.VOICE_NOTE),
    _ascii("classic", "Ten characters from dark to light, white on black."),
    _ascii("matrix", "Green on black, by the shapes of all of ASCII.", style="structural", text_color="#33ff66"),
    _ascii("braille", "Dots of braille: the finest lines there are.", style="braille"),
    _ascii("blueprint", "White lines on blue.", style="structural", bg_color="#0b3d91"),
    _ascii("newspaper", "Black on white.", style="inverted", text_color="#000000", bg_color="#ffffff"),
    _ascii("газета", "Чёрным по белому.", style="inverted", text_color="#000000", bg_color="#ffffff"),
    _ascii("colour", "Each character in the colour of its place.", style="blocks", colors="source"),
    _ascii("цветной", "Каждый знак в цвете своего места.", style="blocks", colors="source"),
    _ascii("stickers", "GIF without a background.", save_mp4=False, save_gif=True, transparent_bg=True),
)
_BY_NAME: Final = {(preset.kind, name_id(preset.name)): preset for preset in BUILT_IN}


def built_in(kind: Kind, name: str) -> Preset | None:
    """Return the house's own preset of a kind and name, or None."""
    return _BY_NAME.get((kind, name_id(name)))
