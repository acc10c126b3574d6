"""`python -m bench.speech [accuracy] [short] [long] [limit] [ahead] [memory] [fairness]`: run these, or all."""

import argparse

from bench.speech import ACCURACY, MEASUREMENTS, measure_all
from bench.speech.engines import ENGINES
from bench.speech.models.sizes import SIZES
from bench.speech.runs import Choices


def main() -> None:
    """Measure what was asked for."""
    arguments = _arguments()
    choices = Choices(
        model=arguments.model,
        threads=arguments.threads,
        rounds=arguments.rounds,
        engines=tuple(arguments.engine or ENGINES),
    )
    measure_all(tuple(arguments.measurements) or (ACCURACY, *MEASUREMENTS), choices)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.speech", description=__doc__)
    known = (ACCURACY, *MEASUREMENTS)
    parser.add_argument("measurements", nargs="*", metavar="MEASUREMENT", help=f"of: {', '.join(known)}")
    parser.add_argument("--model", choices=SIZES, default="tiny", help="the network's size (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of each engine (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="of which the cheapest counts (%(default)s)")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    arguments = parser.parse_args()
    if unknown := set(arguments.measurements) - set(known):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return arguments


if __name__ == "__main__":
    main()
