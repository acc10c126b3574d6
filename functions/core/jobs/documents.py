"""A transcript as a document for a word processor; pure.

Office Open XML: https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

# python-docx would do this too; it brings lxml, 5 MB of machine code, into a Lambda.

import io
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Final

from functions.core.jobs.results import Segment, Transcript
from functions.core.jobs.text_units import one_line

PAUSE_SECONDS: Final = 2.0
PARAGRAPH_CHARACTERS: Final = 600
"""Where nobody is named, a paragraph ends at a pause, or at the end of the segment that makes it so long."""

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_RELATIONS: Final = f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'

_CONTENT_TYPES: Final = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_TYPES}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
    '<Override PartName="/docProps/core.xml"'
    ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)
_PARTS: Final = (
    f'{_RELATIONS}<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
_DOCUMENT_PARTS: Final = (
    f'{_RELATIONS}<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
_FONTS: Final = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Arial"/>'
_PAGE: Final = (
    '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"'
    ' w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>'
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a transcript."""

    title: str
    date: datetime


@dataclass(slots=True)
class _Turn:
    """What one speaker said until another one spoke."""

    speaker: str
    start: float
    end: float
    texts: list[str] = field(default_factory=list)

    def goes_on(self, speaker: str, segment: Segment) -> bool:
        """Tell whether a segment belongs to it."""
        if speaker or self.speaker:
            return speaker == self.speaker
        return segment.start - self.end < PAUSE_SECONDS and sum(map(len, self.texts)) < PARAGRAPH_CHARACTERS


def to_docx(transcript: Transcript, heading: Heading, *, speakers: bool = True) -> bytes:
    """Return a Word document: title, date, length and language, a paragraph for each turn; equal for equal input."""
    title, language = one_line(heading.title), one_line(transcript.language)
    facts = f"{heading.date.date().isoformat()} · {_clock(transcript.duration)} · {language}"
    body = [_paragraph("Title", title), _paragraph("Subtitle", facts)]
    body += [_turn(turn) for turn in _turns(transcript, named=speakers)]
    return _zipped(
        {
            "[Content_Types].xml": _CONTENT_TYPES,
            "_rels/.rels": _PARTS,
            "docProps/core.xml": _properties(title, heading.date),
            "word/_rels/document.xml.rels": _DOCUMENT_PARTS,
            "word/document.xml": f"{_HEAD}<w:document {_WORD}><w:body>{''.join(body)}{_PAGE}</w:body></w:document>",
            "word/styles.xml": _styles(language),
        }
    )


def _turns(transcript: Transcript, *, named: bool) -> Iterator[_Turn]:
    turn: _Turn | None = None
    for segment in transcript.segments:
        if text := one_line(segment.text):
            speaker = one_line(segment.speaker or "") if named else ""
            if turn is None or not turn.goes_on(speaker, segment):
                if turn:
                    yield turn
                turn = _Turn(speaker, segment.start, segment.end)
            turn.texts.append(text)
            turn.end = segment.end
    if turn:
        yield turn


def _turn(turn: _Turn) -> str:
    text = " ".join(turn.texts)
    speaker = _run(f"{turn.speaker}: ", bold=True) if turn.speaker else ""
    return _styled("Normal", _run(f"{_clock(turn.start)}  ", pale=True) + speaker + _run(text), rtl=_is_rtl(text))


def _paragraph(style: str, text: str) -> str:
    return _styled(style, _run(text), rtl=_is_rtl(text))


def _styled(style: str, runs: str, *, rtl: bool) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{"<w:bidi/>" if rtl else ""}</w:pPr>{runs}</w:p>'


def _run(text: str, *, bold: bool = False, pale: bool = False) -> str:
    marks = "<w:b/><w:bCs/>" if bold else ""
    marks += '<w:color w:val="808080"/>' if pale else ""
    marks += "<w:rtl/>" if _is_rtl(text) else ""
    return f'<w:r>{f"<w:rPr>{marks}</w:rPr>" if marks else ""}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _is_rtl(text: str) -> bool:
    kinds = [unicodedata.bidirectional(char) for char in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def _clock(seconds: float) -> str:
    minutes, whole = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"


def _properties(title: str, date: datetime) -> str:
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment.isoformat(timespec="seconds")}</dcterms:created>'
        "</cp:coreProperties>"
    )


def _styles(language: str) -> str:
    spoken = escape(language)
    return (
        f"{_HEAD}<w:styles {_WORD}><w:docDefaults><w:rPrDefault><w:rPr>{_FONTS}"
        f'<w:sz w:val="22"/><w:szCs w:val="22"/><w:lang w:val="{spoken}" w:eastAsia="{spoken}" w:bidi="{spoken}"/>'
        '</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="276" w:lineRule="auto"/></w:pPr>'
        "</w:pPrDefault></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
        + _style("Title", "<w:b/><w:bCs/>", size=36)
        + _style("Subtitle", '<w:color w:val="808080"/>', size=22)
        + "</w:styles>"
    )


def _style(name: str, marks: str, *, size: int) -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f'<w:next w:val="Normal"/><w:rPr>{marks}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


def _zipped(parts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            # Dated with the oldest date there is: the clock would make each file another.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode())
    return file.getvalue()
