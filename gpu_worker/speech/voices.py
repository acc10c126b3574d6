"""Speakers by their voices, for a transcript whose recording has them all in one channel."""

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, Final

from functions.core.jobs.results import Transcript
from gpu_worker.speech.audio import AudioFile
from gpu_worker.speech.channels import hold_a_voice_each
from gpu_worker.speech.diarization import Diarizer, SpeakersUnknown, with_speakers

NO_DIARIZER: Final = "Speakers could not be told apart by their voices: no model for that is installed here."


def with_voices(
    transcript: Transcript,
    file: BinaryIO,
    diarizer: Diarizer,
    *,
    was_asked_for: bool,
    on_progress: Callable[[float, float | None], None],
) -> Transcript:
    """Say who speaks. If that can't be found out, the transcript stays as it is and a note says why.

    A single voice is named only where somebody asked for speakers.
    """
    is_apart = hold_a_voice_each(file)
    try:
        with AudioFile(file) as audio:
            turns = diarizer.turns(audio.mixed() if is_apart else audio.blocks(), on_progress=on_progress)
    except SpeakersUnknown as error:
        return replace(transcript, notes=(*transcript.notes, error.detail))
    if len({turn.speaker for turn in turns}) < 2 and not was_asked_for:
        return transcript
    return replace(transcript, segments=with_speakers(transcript.segments, turns))
