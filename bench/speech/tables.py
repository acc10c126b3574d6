"""What the measurements of speech print."""

from collections.abc import Mapping, Sequence

from bench.speech.engines import ENGINES, STOCK
from bench.speech.runs import Choices, Result


def say_heading(title: str, measurement: str, choices: Choices) -> None:
    """Print what is measured and how to get the figures again."""
    options = f"--model {choices.model} --threads {choices.threads} --rounds {choices.rounds}"
    print(f"### {title}\n\n`python -m bench.speech {measurement} {options}`\n", flush=True)


def say_costs(results: Mapping[str, Result]) -> None:
    """Print what each engine took, and the ratio to faster-whisper's `WhisperModel`: less is better."""
    stock = results.get(STOCK)
    rows = [
        (
            ENGINES[name].title,
            f"{result.cpu:.2f}",
            f"{result.cpu / stock.cpu:.2f}" if stock else "-",
            f"{result.wall:.2f}",
            str(result.tokens),
            f"{result.peak_mib:.0f}",
        )
        for name, result in results.items()
    ]
    say_table(("engine", "CPU s", "ratio", "wall s", "tokens", "peak MiB"), rows)


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, or that there is nothing to put into it."""
    if not rows:
        print("None of these engines is here.\n", flush=True)
        return
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)
