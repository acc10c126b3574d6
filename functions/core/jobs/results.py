"""What a job leaves behind: transcripts and summaries, and their JSON. Times are seconds as floats."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word with its time and the model's confidence (0..1)."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of speech, usually a sentence; `id` counts from 0 in order of time."""

    id: int
    start: float
    end: float
    text: str
    speaker: str | None = None
    language: str | None = None
    """Where it is not the transcript's."""
    avg_logprob: float | None = None
    """How likely the model found its text: the mean log probability of a token."""
    no_speech_prob: float | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said. `notes` are sentences for people about limits of this transcript."""

    language: str
    language_probability: float
    duration: float
    segments: tuple[Segment, ...]
    model: str
    task: str = "transcribe"
    """`translate` where the text is English whatever was spoken."""
    notes: tuple[str, ...] = ()
    corrected: tuple[int, ...] = ()
    """Segments whose words or speaker a person has corrected."""

    @property
    def text(self) -> str:
        """All that was said, as one text."""
        return " ".join(segment.text for segment in self.segments if segment.text)

    @property
    def word_count(self) -> int:
        """How many words were said."""
        return sum(len(segment.words) or len(segment.text.split()) for segment in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence of a summary and the ids of the segments that it stands on; never empty."""

    text: str
    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to one of the owner's questions; None where the recording does not answer it."""

    question: str
    answer: str | None
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """What an engine wrote and the transcript does not bear out, kept apart from what it does, with the reason."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A summary with evidence. `coverage` is the share (0..1) of the transcript's text that the engine read."""

    text: str
    bullets: tuple[Statement, ...]
    action_items: tuple[Statement, ...]
    coverage: float
    engine: str
    language: str
    template: str = "general"
    overview: tuple[Statement, ...] = ()
    """The sentences of `text`, each with its evidence."""
    answers: tuple[Answer, ...] = ()
    unproven: tuple[Unproven, ...] = ()
    notes: tuple[str, ...] = ()
    transcript_job_id: str | None = None
    """Whose segments the evidence names."""


def transcript_to_json(transcript: Transcript) -> bytes:
    """Serialise, with `text` spelt out for readers."""
    body = asdict(transcript) | {"format": FORMAT_VERSION, "text": transcript.text}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def transcript_from_json(body: bytes) -> Transcript:
    """Read what `transcript_to_json` wrote."""
    data = json.loads(body)
    return Transcript(
        language=data["language"],
        language_probability=data["language_probability"],
        duration=data["duration"],
        segments=tuple(segment_from_dict(segment) for segment in data["segments"]),
        model=data["model"],
        task=data.get("task", "transcribe"),
        notes=tuple(data["notes"]),
        corrected=tuple(data.get("corrected", [])),
    )


def summary_to_json(summary: Summary) -> bytes:
    """Serialise a summary."""
    body = asdict(summary) | {"format": FORMAT_VERSION}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def summary_from_json(body: bytes) -> Summary:
    """Read what `summary_to_json` wrote."""
    data = json.loads(body)
    return Summary(
        text=data["text"],
        bullets=_statements(data["bullets"]),
        action_items=_statements(data["action_items"]),
        coverage=data["coverage"],
        engine=data["engine"],
        language=data["language"],
        template=data.get("template", "general"),
        overview=_statements(data.get("overview", [])),
        answers=tuple(Answer(**(item | {"segments": tuple(item["segments"])})) for item in data.get("answers", [])),
        unproven=tuple(Unproven(**item) for item in data.get("unproven", [])),
        notes=tuple(data["notes"]),
        transcript_job_id=data.get("transcript_job_id"),
    )


def segment_from_dict(data: dict[str, Any]) -> Segment:
    """Read a segment as it stands in JSON."""
    return Segment(**(data | {"words": tuple(Word(**word) for word in data["words"])}))


def _statements(items: list[dict[str, Any]]) -> tuple[Statement, ...]:
    return tuple(Statement(text=item["text"], segments=tuple(item["segments"])) for item in items)
