"""Loss and reordering, by fault injection: the client's real state machines, a pretended network, no real time."""

import json
import tempfile
from pathlib import Path

from tests.web.node import bundle, run_node


def say_weather() -> None:
    """Print how many calls come about, and how soon, by how many frames are lost."""
    with tempfile.TemporaryDirectory() as folder:
        script = bundle("../bench/calls/weather.ts", Path(folder))
        rows = json.loads(run_node(script, timeout=600))
    print(
        "Frames each way lost as the table says, one in ten doubled, each 1-600 ms on its way (so most of a burst "
        "overtake each other); what is not answered is sent again after 3, 6 and 12 s. A thousand calls each, with "
        "media that are ready within 2 s. A ring that is lost is not sent again here: an open connection loses none, "
        "and whoever has none is woken otherwise and asks.\n"
    )
    print("| lost | rings | of these come about | from 'accept' to connected: median | p99 |\n|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['lost']:.0%} | {row['rung']:.1%} | {row['connected']:.1%} | {row['median']} ms | {row['p99']} ms |"
        )
