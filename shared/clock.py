"""The only place that touches randomness and elapsed time; instants come from the database."""

import random
import time


def jitter() -> float:
    """Gives a random number in [0, 1), to spread what would otherwise happen at once."""
    return random.random()  # spreading load, not keeping secrets


def elapsed() -> float:
    """Gives seconds on a clock that only runs forward."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)
