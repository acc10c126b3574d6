"""What a route costs with 100 recordings in the table and with 100,000, and fifty clients at once for a minute."""

from bench.workspace.load import say_load
from bench.workspace.routes import say_routes
from functions.core.observability import set_up_logging


def measure() -> None:
    """Print what each route costs at either size, and what became of a minute's load."""
    set_up_logging("bench", level="ERROR", form="console")
    say_routes()
    say_load()
