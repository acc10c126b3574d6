"""Make the demo model: `python -m infra.demo_model --minutes 40 --out DIR`."""

import argparse
from pathlib import Path

from infra.demo_model.corpus import make_corpus, training_plan
from infra.demo_model.evaluation import Report, evaluate
from infra.demo_model.export import export
from infra.demo_model.tokenizer import build_vocabulary
from infra.demo_model.training import train


def main() -> None:
    """Make a model from nothing and measure it; or only measure one."""
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    if arguments.evaluate is None:
        make_model(out, minutes=arguments.minutes, utterances=arguments.utterances)
    for report in evaluate(arguments.evaluate or out / "model", out):
        print(_line(report))


def make_model(out: Path, *, minutes: float, utterances: int) -> None:
    """Speak the sentences, train on them, and leave the model in `out/model`."""
    make_corpus(training_plan(utterances), out / "corpus")
    vocabulary = build_vocabulary()
    network = train(out / "corpus", vocabulary, minutes, out / "checkpoint.pt")
    export(network, vocabulary, out / "model")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.demo_model", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where everything goes; the model into OUT/model")
    parser.add_argument("--minutes", type=float, default=40, help="how long to train (%(default)s)")
    parser.add_argument("--utterances", type=int, default=13_000, help="how many sentences to speak (%(default)s)")
    parser.add_argument("--evaluate", type=Path, metavar="MODEL", help="make nothing, measure this model")
    return parser.parse_args()


def _line(report: Report) -> str:
    return (
        f"{report.name}: WER {report.word_error_rate} % (en {report.word_error_rate_en}, "
        f"ru {report.word_error_rate_ru}), sentences {report.sentences_right}/{report.sentences}, "
        f"language {report.languages_right}/{report.sentences}, {report.seconds_per_sentence} s each"
    )


if __name__ == "__main__":
    main()
