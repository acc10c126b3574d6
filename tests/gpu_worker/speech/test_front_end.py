import itertools
from pathlib import Path

import numpy as np
import pytest

from functions.core.jobs.options import VoiceActivity
from gpu_worker.speech import audio
from gpu_worker.speech.audio import AudioFile
from gpu_worker.speech.front_end import Cut, FrontEnd, Place
from gpu_worker.speech.models import demo_model
from tests.gpu_worker.speech.calls import Call, call, encode_channels, encode_tracks
from tests.speech_synthesis import SAMPLE_RATE, Samples, conversation, encode, silence, write_wav

SENTENCES = (
    "Send the invoice to Anna by Friday.",
    "The customer signed the contract yesterday.",
    "The meeting is on Monday at five.",
    "The team rejected the offer on Wednesday.",
)


def cuts_of(path: Path, *, by_track: bool = False) -> list[Cut]:
    with path.open("rb") as file, AudioFile(file) as source:
        front_end = FrontEnd(source, demo_model(), VoiceActivity(), by_track=by_track)
        return [cut for cut in front_end.cuts() if cut is not None]


Shape = tuple[int, int, float, bytes, tuple[tuple[float, float], ...], bool]


def shape(cut: Cut) -> Shape:
    window = cut.window
    samples = window.samples.tobytes()
    return cut.place.track, cut.place.number, window.start, samples, window.speech, window.is_whole


@pytest.fixture(scope="module")
def speech() -> Samples:
    return np.concatenate([conversation(SENTENCES), silence(12), conversation(SENTENCES[:2])])


@pytest.fixture(scope="module")
def talk() -> Call:
    return call(SENTENCES)


def test_windows_are_numbered_in_order_of_time(speech: Samples, tmp_path: Path) -> None:
    cuts = cuts_of(write_wav(tmp_path / "a.wav", speech))
    assert [cut.place for cut in cuts] == [Place(0, number) for number in range(len(cuts))]
    assert all(one.window.end <= other.window.start for one, other in itertools.pairwise(cuts))
    assert len(cuts) >= 3


@pytest.mark.parametrize("seconds", [0.3, 1.7, 60.0])
def test_windows_do_not_depend_on_the_blocks(
    seconds: float, speech: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "a.wav", speech)
    wanted = [shape(cut) for cut in cuts_of(path)]
    monkeypatch.setattr(audio, "BLOCK_SECONDS", seconds)
    assert [shape(cut) for cut in cuts_of(path)] == wanted


def test_windows_do_not_depend_on_a_lossless_container(speech: Samples, tmp_path: Path) -> None:
    wav, flac = write_wav(tmp_path / "a.wav", speech), encode(tmp_path / "a.flac", speech)
    assert [shape(cut) for cut in cuts_of(flac)] == [shape(cut) for cut in cuts_of(wav)]


def test_a_lossy_container_gives_about_the_same_windows(speech: Samples, tmp_path: Path) -> None:
    wav, opus = cuts_of(write_wav(tmp_path / "a.wav", speech)), cuts_of(encode(tmp_path / "a.opus", speech))
    assert [cut.window.start for cut in opus] == pytest.approx([cut.window.start for cut in wav], abs=0.15)


def test_the_same_file_gives_the_same_windows_again(talk: Call, tmp_path: Path) -> None:
    path = encode_tracks(tmp_path / "a.mkv", talk.sides)
    once, again = (list(map(shape, cuts_of(path, by_track=True))) for _ in range(2))
    assert once == again
    assert {track for track, *_ in once} == {0, 1}


def test_each_track_is_cut_as_if_it_were_alone(talk: Call, tmp_path: Path) -> None:
    together = cuts_of(encode_channels(tmp_path / "both.wav", talk.sides), by_track=True)
    for track, side in enumerate(talk.sides):
        alone = [shape(cut)[1:] for cut in cuts_of(write_wav(tmp_path / "one.wav", side))]
        assert [shape(cut)[1:] for cut in together if cut.place.track == track] == alone


def test_only_a_recordings_single_window_is_whole(speech: Samples, tmp_path: Path) -> None:
    assert not any(cut.window.is_whole for cut in cuts_of(write_wav(tmp_path / "a.wav", speech)))
    (only,) = cuts_of(write_wav(tmp_path / "b.wav", np.concatenate([conversation(SENTENCES[:1]), silence(60)])))
    assert only.window.is_whole


def test_the_single_window_of_a_track_is_whole(talk: Call, tmp_path: Path) -> None:
    long, _ = talk.sides
    short = np.concatenate([conversation(SENTENCES[:1], "en-us+f2"), silence(60)])[: len(long)]
    cuts = cuts_of(encode_channels(tmp_path / "a.wav", (long, short)), by_track=True)
    assert {cut.window.is_whole for cut in cuts if cut.place.track == 0} == {False}
    assert [cut.window.is_whole for cut in cuts if cut.place.track == 1] == [True]


@pytest.mark.parametrize("by_track", [False, True])
def test_what_is_settled_only_rises_and_no_later_window_begins_before_it(
    by_track: bool, talk: Call, tmp_path: Path
) -> None:
    late = np.concatenate([silence(35), talk.sides[1]])
    sides = (np.concatenate([talk.sides[0], silence(35)]), late)
    with encode_channels(tmp_path / "a.wav", sides).open("rb") as file, AudioFile(file) as source:
        front_end = FrontEnd(source, demo_model(), VoiceActivity(), by_track=by_track)
        settled = [0.0] * front_end.tracks
        for cut in front_end.cuts():
            if cut is not None:
                assert cut.window.start >= settled[cut.place.track] - 0.3  # the padding before speech
            now = [front_end.settled_seconds(track) for track in range(front_end.tracks)]
            assert all(before <= after for before, after in zip(settled, now, strict=True))
            settled = now
        assert min(settled) == pytest.approx(len(late) / SAMPLE_RATE, abs=0.5)


def test_long_silence_still_gives_a_sign_of_life(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.concatenate([conversation(SENTENCES[:1]), silence(300)]))
    with path.open("rb") as file, AudioFile(file) as source:
        signs = list(FrontEnd(source, demo_model(), VoiceActivity(), by_track=False).cuts())
    assert signs.count(None) >= 30
    assert sum(sign is not None for sign in signs) == 1


def test_the_time_that_it_took_is_its_own(speech: Samples, tmp_path: Path) -> None:
    with write_wav(tmp_path / "a.wav", speech).open("rb") as file, AudioFile(file) as source:
        front_end = FrontEnd(source, demo_model(), VoiceActivity(), by_track=False)
        assert front_end.seconds_spent == 0
        spent = [front_end.seconds_spent for _ in front_end.cuts()]
        assert 0 < spent[0] <= spent[-1]
        assert front_end.stated_seconds == pytest.approx(len(speech) / SAMPLE_RATE, abs=0.01)
