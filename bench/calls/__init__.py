"""What a call costs: time to the first sound, round trips, frames and writes, and what bad networks do to it."""

from bench.calls import costs, round_trips, setup_times, weather

PARTS = {
    "setup": setup_times.say_setup_times,
    "round trips": round_trips.say_round_trips,
    "costs": costs.say_costs,
    "weather": weather.say_weather,
}


def measure() -> None:
    """Print all of it."""
    for name, say in PARTS.items():
        print(f"\n### {name}\n")
        say()
