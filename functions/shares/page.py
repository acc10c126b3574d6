"""The page behind a link: one document without scripts, that reads well on a phone and on paper."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final

from functions.core.jobs.results import Segment, Statement, Summary, Transcript
from functions.core.recordings.model import Recording
from functions.core.shares.model import Part, Share

MOST_CHARACTERS: Final = 1_000_000
"""Of a transcript on the page: an answer of Lambda ends at 6 MB. The rest is in the file below it."""

STYLE: Final = """
:root{color-scheme:light dark;--text:#1b1f24;--quiet:#57606a;--back:#fff;--line:#d8dee4;--link:#0a58ca}
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--quiet:#9198a1;--back:#0d1117;--line:#30363d;--link:#79b8ff}}
body{margin:0 auto;max-width:44rem;padding:1.5rem 1rem 4rem;font:1rem/1.6 system-ui,sans-serif;color:var(--text);
background:var(--back);overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}a{color:var(--link)}
.quiet,time{color:var(--quiet);font-size:.875rem}audio{width:100%;margin-top:1rem}li{margin:.35rem 0}
.said{display:grid;grid-template-columns:4.5rem 1fr;margin:.4rem 0}.who{font-weight:600;margin:1rem 0 .2rem}
:target{background:color-mix(in srgb,var(--link) 18%,transparent)}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    # Media: the bucket's signed address, wherever that is.
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; media-src 'self' https: http://127.0.0.1:* "
    "http://localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_ENGLISH: Final = {
    "summary": "Summary",
    "points": "In short",
    "actions": "To do",
    "transcript": "Transcript",
    "download": "Download",
    "cut": "The rest is in the file.",
    "none": "Nothing to read yet. Come back in a while.",
    "until": "This link works until",
    "gone": "This link shows nothing (any more).",
    "ask": "It may have expired or been revoked. Ask whoever sent it to you.",
}
_RUSSIAN: Final = {
    "summary": "Резюме",
    "points": "Коротко",
    "actions": "Что сделать",
    "transcript": "Расшифровка",
    "download": "Скачать",
    "cut": "Остальное — в файле.",
    "none": "Читать пока нечего. Загляните позже.",
    "until": "Ссылка действует до",
    "gone": "По этой ссылке ничего (больше) нет.",
    "ask": "Возможно, срок её действия истёк или её отозвали. Спросите того, кто её прислал.",
}


def page(  # noqa: PLR0913 - all that there is to show
    recording: Recording,
    share: Share,
    *,
    token: str,
    transcript: Transcript | None,
    summary: Summary | None,
    russian: bool,
) -> str:
    """Return the page of a shared recording."""
    words = _RUSSIAN if russian else _ENGLISH
    parts = [
        f"<h1>{escape(recording.title)}</h1>",
        f"<p class=quiet>{_when(recording.recorded_at or recording.created_at)}</p>",
    ]
    if Part.AUDIO in share.parts:
        parts.append(f'<audio controls preload=none src="/v1/shared/{escape(token)}/audio"></audio>')
    if summary is not None:
        parts += _summary(summary, words)
    if transcript is not None:
        parts += _transcript(transcript, token, words)
    if transcript is None and summary is None and Part.AUDIO not in share.parts:
        parts.append(f"<p>{words['none']}</p>")
    parts.append(f"<p class=quiet>{words['until']} {_when(share.expires_at)}</p>")
    return _document(recording.title, parts, russian=russian)


def page_of_nothing(*, russian: bool) -> str:
    """Return the page of a link that shows nothing."""
    words = _RUSSIAN if russian else _ENGLISH
    return _document(words["gone"], [f"<h1>{words['gone']}</h1>", f"<p>{words['ask']}</p>"], russian=russian)


def _document(title: str, parts: Iterable[str], *, russian: bool) -> str:
    return (
        f"<!doctype html><html lang={'ru' if russian else 'en'}><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _summary(summary: Summary, words: dict[str, str]) -> list[str]:
    parts = [f"<h2>{words['summary']}</h2>", f"<p>{escape(summary.text)}</p>"] if summary.text else []
    for name, statements in (("points", summary.bullets), ("actions", summary.action_items)):
        if statements:
            parts.append(f"<h2>{words[name]}</h2><ul>{''.join(map(_statement, statements))}</ul>")
    return parts


def _statement(statement: Statement) -> str:
    evidence = " ".join(f'<a href="#s{number}">[{number + 1}]</a>' for number in statement.segments)
    return f"<li>{escape(statement.text)} <span class=quiet>{evidence}</span></li>"


def _transcript(transcript: Transcript, token: str, words: dict[str, str]) -> list[str]:
    link = f'<a href="/v1/shared/{escape(token)}/transcript?format=docx">{words["download"]}</a>'
    parts, speaker, left = [f"<h2>{words['transcript']}</h2><p class=quiet>{link}</p>"], None, MOST_CHARACTERS
    for segment in transcript.segments:
        left -= len(segment.text)
        if left < 0:
            parts.append(f"<p class=quiet>{words['cut']}</p>")
            break
        if segment.speaker is not None and segment.speaker != speaker:
            parts.append(f"<p class=who>{escape(segment.speaker)}</p>")
        speaker = segment.speaker
        parts.append(_said(segment))
    return parts


def _said(segment: Segment) -> str:
    minutes, seconds = divmod(int(segment.start), 60)
    hours, minutes = divmod(minutes, 60)
    at = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f'<div class=said id="s{segment.id}"><time>{at}</time><span>{escape(segment.text)}</span></div>'


def _when(moment: datetime) -> str:
    return f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M} UTC</time>'
