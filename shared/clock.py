"""The only place that touches randomness and time; instants come from the database."""

import random
import time
from datetime import UTC, datetime


def jitter() -> float:
    """Gives a random number in [0, 1), to spread what would otherwise happen at once."""
    return random.random()  # spreading load, not keeping secrets


def elapsed() -> float:
    """Gives seconds on a clock that only runs forward."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


def machine_time() -> datetime:
    """Gives what this machine takes for now: to be compared with other clocks, or told to them.

    Nothing of ours is decided by it.
    """
    return datetime.now(UTC)
