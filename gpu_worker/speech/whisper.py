"""Whisper models through CTranslate2: excerpts of any recordings in, what was said in each of them out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import ctranslate2
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from functions.core.jobs.results import Segment
from gpu_worker.machine import cpus
from gpu_worker.speech import readings, spoken_language
from gpu_worker.speech.encodings import Encodings
from gpu_worker.speech.excerpt import FRAMES_PER_SECOND, Encoded, Excerpt, Language, Manner, excerpt_of
from gpu_worker.speech.models import ModelUnavailable, SpeechModel
from gpu_worker.speech.readings import Reading
from gpu_worker.speech.sentences import RawSegment, to_segments
from gpu_worker.speech.spoken_language import Chances
from gpu_worker.speech.timestamps import segments_of
from gpu_worker.speech.windows import halves
from gpu_worker.speech.word_times import words_of

_MOST_THREADS: Final = 4  # the matrices are small: more threads only wait for each other

_CONTEXT: Final = 448
_MOST_TOKENS: Final = _CONTEXT // 2  # CTranslate2 stops at half of `max_length`, as Whisper does
_VOCABULARY_TOKENS: Final = 100
_SECOND_READING: Final = {"beam_size": 5, "no_repeat_ngram_size": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWindow:
    """One finished window. `likelihood` is the mean log probability of its text, None when it holds none."""

    start: float
    end: float
    language: Language
    segments: tuple[Segment, ...]
    likelihood: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """What a first listening found: the chances of each language, and work that need not be done again."""

    chances: Chances
    encoded: Encoded


class SpeechEngine:
    """A loaded model. One thread at a time may use it.

    What it makes of an excerpt depends on that excerpt alone and never on what else is in the batch.
    """

    def __init__(
        self, model: SpeechModel, *, device: str = "auto", compute_type: str = "auto", cpu_threads: int = 0
    ) -> None:
        """Load the model, once for many recordings. `cpu_threads` 0 is as many as help.

        Raises:
            ModelUnavailable: its files are broken, or the device cannot run it.
        """
        self.model = model
        self._tokenizers: dict[tuple[str, str], Any] = {}
        self.device = chosen_device(device)
        self.compute_type = _chosen_compute_type(compute_type, self.device)
        # One core is left to what goes ahead of the model: with two cores, one thread is faster than two.
        self.cpu_threads = cpu_threads or max(1, min(_MOST_THREADS, cpus() - 1))
        try:
            self._whisper = WhisperModel(
                str(model.folder),
                device=self.device,
                compute_type=self.compute_type,
                cpu_threads=self.cpu_threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            message = f"The model {model.name!r} cannot be loaded on {self.device} as {self.compute_type}: {error}"
            raise ModelUnavailable(message) from error

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that the model knows."""
        return frozenset(self.model.languages or self._whisper.supported_languages)

    def listen(self, excerpts: Sequence[Excerpt]) -> list[Listened]:
        """Find out what is spoken in excerpts of one length."""
        encodings = self._encode(excerpts)
        return [
            Listened(chances=chances, encoded=encoded)
            for chances, encoded in zip(self._chances(encodings), encodings.rows, strict=True)
        ]

    def hear(self, excerpts: Sequence[Excerpt], manner: Manner) -> list[HeardWindow]:
        """Write down what is said in excerpts of one length; each names its language."""
        encodings = self._encode(excerpts)
        languages = self._languages_of(excerpts, encodings)
        heard = self._read(excerpts, encodings, languages, manner)
        doubtful = [row for row, reading in enumerate(heard) if reading.is_suspicious]
        for row in doubtful:
            heard[row] = self._read_again(heard[row], encodings.rows[row], manner)
        alone = {row for row in doubtful if heard[row].excerpt is not excerpts[row]}
        windows = self._windows(heard, encodings, manner, alone)
        for row in doubtful:
            if heard[row].was_cut_off and not heard[row].repeats_itself:
                windows[row] = self._hear_in_halves(heard[row], manner) or windows[row]
        return windows

    def _encode(self, excerpts: Sequence[Excerpt]) -> Encodings:
        return Encodings(self._whisper.model, excerpts, on_gpu=self.device == "cuda")

    def _languages_of(self, excerpts: Sequence[Excerpt], encodings: Encodings) -> list[Language]:
        told = [excerpt.language or Language(code="en", probability=0.0) for excerpt in excerpts]
        open_rows = [row for row, excerpt in enumerate(excerpts) if not excerpt.is_certain]
        if not open_rows or len(self.languages) == 1:
            return told
        for row, chances in zip(open_rows, self._chances(encodings, open_rows), strict=True):
            told[row] = spoken_language.of_window(chances, told[row], excerpts[row].window)
        return told

    def _chances(self, encodings: Encodings, rows: Sequence[int] | None = None) -> list[Chances]:
        if len(self.languages) == 1:
            (only,) = self.languages
            return [{only: 1.0} for _ in (rows if rows is not None else encodings.rows)]
        # Tokens look like `<|en|>`.
        return [
            {token[2:-2]: chance for token, chance in found if token[2:-2] in self.languages}
            for found in self._whisper.model.detect_language(encodings.view(rows))
        ]

    def _read(
        self,
        excerpts: Sequence[Excerpt],
        encodings: Encodings,
        languages: Sequence[Language],
        manner: Manner,
        **options: Any,
    ) -> list[Reading]:
        prompts = [self._prompt(language.code, manner) for language in languages]
        results = self._whisper.model.generate(
            encodings.view(),
            prompts,
            **{"beam_size": manner.beam_size, "max_length": _CONTEXT} | options,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )
        # Whisper's `max_length` counts the prompt, and CTranslate2 halves it first.
        most = min(_MOST_TOKENS, _CONTEXT - len(prompts[0]))
        return [
            self._reading(excerpt, language, result, most=most)
            for excerpt, language, result in zip(excerpts, languages, results, strict=True)
        ]

    def _reading(self, excerpt: Excerpt, language: Language, result: Any, *, most: int) -> Reading:
        tokens = tuple(result.sequences_ids[0])
        tokenizer = self._tokenizer(language.code)
        return Reading(
            excerpt=excerpt,
            language=language,
            tokens=tokens,
            first_time=tokenizer.timestamp_begin,
            text=tokenizer.decode(list(tokens)).strip(),
            # The score is a mean over the tokens; the end of the text counts as one more.
            likelihood=result.scores[0] * len(tokens) / (len(tokens) + 1),
            no_speech=result.no_speech_prob,
            was_cut_off=len(tokens) >= most,
        )

    def _read_again(self, first: Reading, encoded: Encoded, manner: Manner) -> Reading:
        """Read a doubtful excerpt alone, with all the room there is and no phrase allowed twice."""
        excerpt = first.excerpt
        if excerpt.frames == self.model.longest_seconds * FRAMES_PER_SECOND:
            roomy = replace(excerpt, encoded=encoded)
        else:
            roomy = excerpt_of(excerpt.window, self.model, whole_window=True)
        encodings = self._encode([roomy])
        (second,) = self._read([roomy], encodings, [first.language], manner, **_SECOND_READING)
        second = replace(second, excerpt=replace(roomy, encoded=encodings.rows[0]))
        best = readings.better(first, second)
        whole = readings.without_loop(best)
        if whole is best:
            return best
        text = self._tokenizer(best.language.code).decode(list(whole.tokens)).strip()
        return replace(whole, text=text, was_cut_off=False)

    def _hear_in_halves(self, reading: Reading, manner: Manner) -> HeardWindow | None:
        """Hear a window in two, since the model had more to say than it may: nothing is left out."""
        window = reading.excerpt.window
        parts = halves(window)
        if parts is None:
            return None
        excerpts = [
            replace(
                excerpt_of(part, self.model, whole_window=True),
                language=reading.language,
                is_certain=True,
            )
            for part in parts
        ]
        first, second = self.hear(excerpts, manner)
        likelihoods = [one.likelihood for one in (first, second) if one.likelihood is not None]
        return HeardWindow(
            start=window.start,
            end=window.end,
            language=reading.language,
            segments=tuple(
                replace(segment, id=number) for number, segment in enumerate(first.segments + second.segments)
            ),
            likelihood=sum(likelihoods) / len(likelihoods) if likelihoods else None,
        )

    def _windows(
        self, heard: Sequence[Reading], encodings: Encodings, manner: Manner, alone: set[int]
    ) -> list[HeardWindow]:
        credible = {row: reading for row, reading in enumerate(heard) if reading.is_credible}
        raw = self._with_words(credible, encodings, alone) if manner.with_words else self._with_timestamps(credible)
        return [self._window(reading, raw.get(row, ())) for row, reading in enumerate(heard)]

    def _window(self, reading: Reading, raw: Iterable[RawSegment]) -> HeardWindow:
        window = reading.excerpt.window
        segments = tuple(
            replace(
                segment,
                avg_logprob=round(reading.likelihood, 4),
                no_speech_prob=round(reading.no_speech, 4),
            )
            for segment in to_segments(raw, window)
        )
        return HeardWindow(
            start=window.start,
            end=window.end,
            language=reading.language,
            segments=segments,
            likelihood=reading.likelihood if segments else None,
        )

    def _with_timestamps(self, heard: dict[int, Reading]) -> dict[int, list[RawSegment]]:
        return {
            row: segments_of(reading.tokens, reading.excerpt.seconds, self._tokenizer(reading.language.code))
            for row, reading in heard.items()
        }

    def _with_words(
        self, heard: dict[int, Reading], encodings: Encodings, alone: set[int]
    ) -> dict[int, list[RawSegment]]:
        """Find the times of words; what was read again alone is aligned alone.

        A text shorter than another in its batch would get other times: CTranslate2 lets the padding count.
        """
        together: dict[tuple[str, int, int], list[int]] = defaultdict(list)
        found: dict[int, list[RawSegment]] = {}
        for row, reading in heard.items():
            if row in alone:
                (found[row],) = self._aligned([reading], self._encode([reading.excerpt]))
            else:
                length = len(self._text_tokens(reading))
                together[reading.language.code, length, reading.excerpt.sounding_frames].append(row)
        for rows in together.values():
            aligned = self._aligned([heard[row] for row in rows], encodings, rows)
            found.update(zip(rows, aligned, strict=True))
        return found

    def _aligned(
        self, heard: Sequence[Reading], encodings: Encodings, rows: Sequence[int] | None = None
    ) -> list[list[RawSegment]]:
        tokenizer = self._tokenizer(heard[0].language.code)
        texts = [self._text_tokens(reading) for reading in heard]
        frames = [reading.excerpt.sounding_frames for reading in heard]
        alignments = self._whisper.model.align(encodings.view(rows), tokenizer.sot_sequence, texts, frames)
        words = (words_of(tokens, alignment, tokenizer) for tokens, alignment in zip(texts, alignments, strict=True))
        return [
            [RawSegment(start=0.0, end=reading.excerpt.seconds, text=reading.text, words=own)]
            for reading, own in zip(heard, words, strict=True)
        ]

    def _text_tokens(self, reading: Reading) -> list[int]:
        end = self._tokenizer(reading.language.code).eot
        return [token for token in reading.tokens if token < end]

    def _prompt(self, language: str, manner: Manner) -> list[int]:
        tokenizer = self._tokenizer(language, manner.task)
        before: list[int] = []
        if manner.vocabulary:
            before = tokenizer.encode(" " + ", ".join(manner.vocabulary))[:_VOCABULARY_TOKENS]
        if manner.prompt:
            room = _MOST_TOKENS - 1 - len(before)
            before += tokenizer.encode(" " + manner.prompt.strip())[-room:]
        return [
            *([tokenizer.sot_prev, *before] if before else []),
            *tokenizer.sot_sequence,
            *([tokenizer.no_timestamps] if manner.with_words and not self.model.writes_times else []),
        ]

    @cached_property
    def _suppressed(self) -> list[int]:
        (code, *_) = sorted(self.languages)
        return list(get_suppressed_tokens(self._tokenizer(code), [-1]))

    def _tokenizer(self, language: str, task: str = "transcribe") -> Any:
        if (language, task) not in self._tokenizers:
            whisper = self._whisper
            self._tokenizers[language, task] = Tokenizer(
                whisper.hf_tokenizer, whisper.model.is_multilingual, task=task, language=language
            )
        return self._tokenizers[language, task]


def chosen_device(device: str) -> str:
    """Say where the model runs: `auto` is the GPU where there is one."""
    if device != "auto":
        return device
    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"


def _chosen_compute_type(compute_type: str, device: str) -> str:
    if compute_type != "auto":
        return compute_type
    return "int8_float16" if device == "cuda" else "int8"
