"""What is wanted of one summary."""

from dataclasses import dataclass

from functions.core.jobs.options import SummariseOptions, Template
from functions.core.jobs.results import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The job's options beside what is known of the transcript. `prompt` and `questions` are the owner's."""

    template: Template
    spoken: str
    """The language of the transcript's text."""
    language: str
    """The language of the summary."""
    prompt: str
    questions: tuple[str, ...]

    @property
    def is_translated(self) -> bool:
        """Whether the summary's words are not the transcript's."""
        return self.language != self.spoken


def brief_for(transcript: Transcript, options: SummariseOptions) -> Brief:
    """Fill in from the transcript what the options leave open."""
    # A translation is in English, whatever was spoken.
    spoken = "en" if transcript.task == "translate" else transcript.language
    return Brief(
        template=options.template,
        spoken=spoken,
        language=options.language or spoken,
        prompt=options.prompt or "",
        questions=tuple(options.questions or ()),
    )
