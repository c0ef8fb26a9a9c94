"""How much is measured: the real run, and a smoke test of the bench itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts of things; durations in seconds."""

    connections: int
    ack_calendars: int
    warm_up_seconds: float
    load_seconds: float
    people: int
    changes: int
    bare_changes: int
    blocks: int
    first_sync_events: int
    memory_events: tuple[int, ...]
    quiet_calendars: int
    quiet_step_minutes: int
    storm: int


FULL = Sizes(
    connections=16,
    ack_calendars=120,
    warm_up_seconds=2.0,
    load_seconds=10.0,
    people=20,
    changes=300,
    bare_changes=100,
    blocks=100,
    first_sync_events=20_000,
    memory_events=(2_000, 20_000, 40_000),
    quiet_calendars=10,
    quiet_step_minutes=30,
    storm=1_000,
)
QUICK = Sizes(
    connections=4,
    ack_calendars=8,
    warm_up_seconds=0.2,
    load_seconds=0.5,
    people=2,
    changes=12,
    bare_changes=5,
    blocks=4,
    first_sync_events=400,
    memory_events=(200, 400),
    quiet_calendars=1,
    quiet_step_minutes=240,
    storm=50,
)
