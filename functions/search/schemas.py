"""What was found, on the wire."""

from datetime import datetime

from pydantic import BaseModel, Field

from functions.api.paging import Page
from functions.core.search.search import Hit
from functions.core.search.texts import Match


class MatchView(BaseModel):
    """A segment in which it was said."""

    segment: int = Field(description="Its id in the transcript")
    start: float = Field(description="Seconds")
    end: float
    speaker: str | None
    text: str = Field(examples=["We agreed on the budget."])
    highlights: list[tuple[int, int]] = Field(
        description="Where in the text the words that were searched for begin and end, in characters",
        examples=[[[17, 23]]],
    )

    @classmethod
    def of(cls, match: Match) -> "MatchView":
        """Show a match."""
        return cls(
            segment=match.segment,
            start=match.start,
            end=match.end,
            speaker=match.speaker,
            text=match.text,
            highlights=list(match.highlights),
        )


class HitView(BaseModel):
    """A recording in which it was said."""

    recording_id: str
    title: str
    recorded_at: datetime = Field(description="Where nobody said when it was recorded: when it was added")
    location_id: str | None
    score: float = Field(description="How well it answers, compared with the others")
    matches: list[MatchView] = Field(description="The best places, those first where the words are nearest each other")

    @classmethod
    def of(cls, hit: Hit) -> "HitView":
        """Show a hit."""
        return cls(
            recording_id=hit.recording.id,
            title=hit.recording.title,
            recorded_at=hit.recording.recorded_at or hit.recording.created_at,
            location_id=hit.recording.location_id,
            score=round(hit.score, 4),
            matches=[MatchView.of(match) for match in hit.matches],
        )


class FoundPage(Page[HitView]):
    """Part of what was found, the best first."""

    total: int = Field(description="In how many recordings it was said")
