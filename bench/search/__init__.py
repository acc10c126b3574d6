"""What it costs to search a thousand hours, and to keep them searchable; against SQLite's FTS5 in the same run."""

import statistics
import time
from typing import Any, Final

from bench.search.conversations import Conversations
from bench.search.peer import Fts5, match_of
from bench.search.world import OWNER, Spent, World
from functions.core.jobs.results import transcript_from_json
from functions.core.observability import set_up_logging
from functions.core.search.building import build

HOURS: Final = 1000
ROUNDS: Final = 5
MEGA: Final = 1e6

# Dollars, us-east-1, arm64, first tier: aws.amazon.com/{s3,dynamodb,lambda,eventbridge}/pricing
PUT_OR_LIST: Final = 5 / MEGA
GET: Final = 0.4 / MEGA
WRITE_UNIT: Final = 0.625 / MEGA
READ_UNIT: Final = 0.125 / MEGA
GB_SECOND: Final = 13.34 / MEGA
EVENT: Final = 1 / MEGA
GB_MONTH: Final = 0.023
GB: Final = 1.77
"""Of the functions."""

Question = tuple[str, dict[str, Any]]


def measure(hours: int = HOURS) -> None:
    """Print tables."""
    set_up_logging("bench", level="ERROR", form="console")
    world = World()
    _say_one(world.conversations)
    recordings = _say_indexing(world, hours)
    questions = _questions(world.conversations)
    world.bucket.is_far = True
    _say_questions(world, questions)
    world.bucket.is_far = False
    _say_removal(world, recordings)
    _say_peer(Fts5(world.conversations, hours), questions)


def _questions(conversations: Conversations) -> dict[str, Question]:
    english, russian = conversations.english.word, conversations.russian.word
    return {
        "a rare word": (english(9_000), {}),
        "a word": (english(2_000), {}),
        "a Russian word": (russian(2_000), {}),
        "two words": (f"{english(30)} {english(60)}", {}),
        "a phrase": (f'"{english(3)} {english(8)}"', {}),
        "the most frequent word": (english(0), {}),
        "a word, at one of ten locations": (english(2_000), {"location_id": "loc_1"}),
    }


def _say_one(conversations: Conversations) -> None:
    transcripts = [conversations.transcript(number) for number in range(10)]
    reading, cpu = time.process_time(), 0.0
    said = [transcript_from_json(one) for one in transcripts]
    reading = time.process_time() - reading
    cpu = time.process_time()
    built = [build(one) for one in said]
    cpu = time.process_time() - cpu
    size = sum(len(one.pack.body) for one in built) / len(built)
    text = sum(len(segment.text.encode()) for one in said for segment in one.segments) / len(said)
    print(
        f"One hour ({built[0].words} words, {text / 1000:.0f} KB of text): read {reading * 100:.0f} ms,"
        f" packed in {cpu * 100:.0f} ms of CPU, {size / 1000:.0f} KB\n"
    )


def _say_indexing(world: World, hours: int) -> list[str]:
    recordings = [world.prepare(number) for number in range(hours)]
    world.table.units.clear()
    took = [_cpu_of_indexing(world, recording_id) for recording_id in recordings]
    cpu, longest = sum(took), max(took)
    counts, units = world.bucket.counts, world.table.units
    manifest = world.index.read(OWNER)
    costs = {
        f"{cpu:.0f} s of CPU at {GB} GB": cpu * GB * GB_SECOND,
        f"{counts['PUT']} PUT, {counts['LIST']} LIST": (counts["PUT"] + counts["LIST"]) * PUT_OR_LIST,
        f"{counts['GET']} GET": counts["GET"] * GET,
        f"{units['write']} write units": units["write"] * WRITE_UNIT,
        f"{units['read']} read units": units["read"] * READ_UNIT,
        f"{hours} events": hours * EVENT,
    }
    print(f"Indexing {hours} hours one after the other, merges and all:\n")
    print("| | dollars |\n|---|---|")
    for what, dollars in costs.items():
        print(f"| {what} | {dollars:.4f} |")
    print(f"| together | **{sum(costs.values()):.4f}** |")
    size = world.bucket.size
    print(
        f"\nThe longest event took {longest:.1f} s of CPU. Left: {len(manifest.packs)} packs,"
        f" {size / MEGA:.0f} MB ({size / hours / 1000:.0f} KB an hour, {size / 1e9 * GB_MONTH:.4f} dollars a month);"
        f" every byte was written {counts['bytes written'] / size:.1f} times.\n"
    )
    return recordings


def _cpu_of_indexing(world: World, recording_id: str) -> float:
    made, started = world.bucket.making, time.process_time()
    world.index_one(recording_id)
    return time.process_time() - started - (world.bucket.making - made)


def _say_questions(world: World, questions: dict[str, Question]) -> None:
    # The first question of a process makes dictionaries and threads.
    world.ask(world.search(), "слово")
    print("| question | found in | GETs, MB | cold, ms | of it CPU | warm, ms | dollars, cold |")
    print("|---|---|---|---|---|---|---|")
    for name, (text, filters) in questions.items():
        colds: list[Spent] = []
        warms: list[Spent] = []
        for _ in range(ROUNDS):
            search = world.search()
            answer, cold = world.ask(search, text, **filters)
            _, warm = world.ask(search, text, **filters)
            colds.append(cold)
            warms.append(warm)
        wall, cpu, warm_wall = _median(colds, "wall"), _median(colds, "cpu"), _median(warms, "wall")
        dollars = colds[0].gets * GET + wall * GB * GB_SECOND
        print(
            f"| {name} | {answer.total} | {colds[0].gets}, {colds[0].megabytes:.1f} | {wall * 1000:.0f}"
            f" | {cpu * 1000:.0f} | {warm_wall * 1000:.0f} | {dollars:.6f} |"
        )
    print()


def _say_removal(world: World, recordings: list[str]) -> None:
    largest = max(world.index.read(OWNER).packs, key=lambda pack: pack.size)
    entry = next(entry for entry in largest.entries if entry)
    world.table.units.clear()
    before, cpu = world.bucket.counts.copy(), time.process_time()
    world.remove(entry.recording_id)
    cpu = time.process_time() - cpu
    spent, units = world.bucket.counts - before, world.table.units
    dollars = (
        cpu * GB * GB_SECOND
        + (spent["PUT"] + spent["LIST"]) * PUT_OR_LIST
        + spent["GET"] * GET
        + units["write"] * WRITE_UNIT
        + units["read"] * READ_UNIT
    )
    print(
        f"Deleting a recording out of the largest pack ({largest.size / MEGA:.0f} MB,"
        f" {len(largest.entries)} recordings; {len(recordings)} in all): {cpu:.1f} s of CPU, {dollars:.5f} dollars.\n"
    )


def _say_peer(peer: Fts5, questions: dict[str, Question]) -> None:
    print(
        f"SQLite FTS5, contentless (no texts to show): {peer.raw_bytes / MEGA:.0f} MB,"
        f" {len(peer.compressed) / MEGA:.0f} MB compressed.\n"
    )
    print("| question | cold: ms | warm: ms |\n|---|---|---|")
    for name, (text, filters) in questions.items():
        if filters:
            continue
        query = match_of(text)
        cold = statistics.median(peer.cold(query) for _ in range(3))
        warm = statistics.median(peer.warm(query) for _ in range(ROUNDS))
        print(f"| {name} | {cold * 1000:.0f} | {warm * 1000:.1f} |")
    print()


def _median(spent: list[Spent], what: str) -> float:
    return float(statistics.median(getattr(one, what) for one in spent))
