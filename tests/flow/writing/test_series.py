"""A series that moves takes its blocks along: updates only, as fast as the quota allows."""

import math
from typing import Any

from tests.conformance.meeting import ANN
from tests.flow.writing.life import Life
from tests.support.google_emulator import GoogleEmulator

OCCURRENCES = 500
FEW = 24
CALLS_A_MINUTE = 120
LATER = (8, 10, 12, 14, 16, 18)


def _series(count: int, *hours: int) -> dict[str, Any]:
    listed = ",".join(map(str, hours))
    return {
        "summary": "Shift",
        "start": {"dateTime": f"2026-11-23T{hours[0]:02}:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": f"2026-11-23T{hours[0]:02}:50:00", "timeZone": "Europe/Berlin"},
        "recurrence": [f"RRULE:FREQ=DAILY;BYHOUR={listed};COUNT={count}"],
    }


def test_five_hundred_occurrences_moved_by_one_edit(life: Life, google: GoogleEmulator) -> None:
    # A poll does not wait for a minute that only the test lets pass.
    life.rig.reopen(CALLS_PER_MINUTE=str(CALLS_A_MINUTE), CRON_BUDGET_SECONDS="1")
    # Radicale takes its time for each file; it has a test of its own below.
    life.set_rule("google", "radicale", is_enabled=False)
    event = google.create_event(ANN, _series(OCCURRENCES, 7, 9, 11, 13, 15, 17))["id"]
    life.settle()
    _minutes_until_delivered(life)
    minutes = _moved_in_place(life, google, event, "graph", _series(OCCURRENCES, *LATER))
    assert minutes <= math.ceil(OCCURRENCES / CALLS_A_MINUTE) + 1
    life.settle()
    life.assert_quiet()


def test_on_a_server_that_takes_one_by_one(life: Life, google: GoogleEmulator) -> None:
    life.set_rule("google", "graph", is_enabled=False)
    event = google.create_event(ANN, _series(FEW, 7, 9, 11, 13, 15, 17))["id"]
    life.settle()
    _minutes_until_delivered(life)
    _moved_in_place(life, google, event, "radicale", _series(FEW, *LATER))
    life.settle()
    life.assert_quiet()


def _moved_in_place(
    life: Life, google: GoogleEmulator, event: str, target: str, body: dict[str, Any]
) -> int:
    """One edit moves the series, and every block is updated once; gives the minutes it took."""
    life.settle()
    blocks, writes = life.blocks(target), life.writes()[target]
    google.patch_event(ANN, event, body)
    life.rig.later(minutes=1)
    life.rig.service.database.call("request_polls", stale_seconds=0, reason="manual", limit=10)
    minutes = _minutes_until_delivered(life)
    assert life.writes()[target] - writes == len(blocks) > 0, "one request for each"
    moved = life.blocks(target)
    assert [block.event for block in moved] == [block.event for block in blocks]
    assert all(str(new.start) > str(old.start) for new, old in zip(moved, blocks, strict=True))
    return minutes


def _minutes_until_delivered(life: Life) -> int:
    """Delivers minute by minute; no minute takes more calls than are allowed."""
    minutes = 0
    life.rig.drain()
    while life.rig.rows("provider_writes"):
        before = life.writes()
        life.rig.later(minutes=1)
        life.rig.drain()
        spent = {name: count - before[name] for name, count in life.writes().items()}
        assert max(spent.values()) <= CALLS_A_MINUTE
        minutes += 1
        assert minutes < 60
    return minutes
