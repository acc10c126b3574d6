"""What to look for, by the kind of conversation: the one place where templates differ."""

from dataclasses import dataclass
from typing import Final

from functions.core.jobs.options import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What a recording of one kind is, and what its bullets and action items are."""

    kind: str
    bullets: str
    action_items: str


GUIDES: Final = {
    Template.GENERAL: Guide(
        kind="a recording",
        bullets="decisions and their reasons, figures, dates, disagreements, questions that stayed open",
        action_items="what somebody undertook or was asked to do: who, what, by when",
    ),
    Template.MEETING: Guide(
        kind="a meeting",
        bullets=(
            "every decision with its reason; questions that stayed open, named as open; disagreements; figures and "
            "dates that people will need"
        ),
        action_items="who does what by when; where no name or no date was said, none is written",
    ),
    Template.SALES: Guide(
        kind="a sales conversation",
        bullets=(
            "what the customer needs and why; every objection and what was answered to it; prices, discounts and terms "
            "that were named; what was promised, and by whom"
        ),
        action_items="every promise and the agreed next step: who, what, by when",
    ),
    Template.LECTURE: Guide(
        kind="a lecture",
        bullets=(
            "the subject; each thesis and what supports it; definitions of terms; examples, named as examples; what "
            "to read"
        ),
        action_items="what the listeners are told to read, to prepare or to do, and by when",
    ),
    Template.VOICE_NOTE: Guide(
        kind="a voice note",
        bullets="the thought in the order in which it unfolds, with its reasons and what it leads to",
        action_items="what the speaker sets out to do or asks of others, and by when",
    ),
}

OFFLINE: Final = frozenset({Template.GENERAL, Template.MEETING})
"""What the offline engine looks for by itself: decisions, figures, what somebody is to do."""
