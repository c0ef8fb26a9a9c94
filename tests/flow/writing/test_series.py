"""A series that moves takes its blocks along: updates only, as fast as the quota allows."""

import math
from typing import Any

from tests.conformance.meeting import ANN
from tests.flow.writing.life import Life
from tests.support.google_emulator import GoogleEmulator

OCCURRENCES = 500
CALLS_A_MINUTE = 120


def _series(*hours: int) -> dict[str, Any]:
    listed = ",".join(map(str, hours))
    return {
        "summary": "Shift",
        "start": {"dateTime": f"2026-11-23T{hours[0]:02}:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": f"2026-11-23T{hours[0]:02}:50:00", "timeZone": "Europe/Berlin"},
        "recurrence": [f"RRULE:FREQ=DAILY;BYHOUR={listed};COUNT={OCCURRENCES}"],
    }


def test_five_hundred_occurrences_moved_by_one_edit(life: Life, google: GoogleEmulator) -> None:
    life.rig.reopen(CALLS_PER_MINUTE=str(CALLS_A_MINUTE))
    event = google.create_event(ANN, _series(7, 9, 11, 13, 15, 17))["id"]
    life.settle()
    _minutes_until_delivered(life)
    before = {name: life.blocks(name) for name in ("graph", "radicale")}
    assert [len(blocks) for blocks in before.values()] == [OCCURRENCES, OCCURRENCES]
    life.settle()
    writes = life.writes()

    google.patch_event(ANN, event, _series(8, 10, 12, 14, 16, 18))
    life.rig.later(minutes=1)
    life.rig.service.database.call("request_polls", stale_seconds=0, reason="manual", limit=10)
    minutes = _minutes_until_delivered(life)
    for name, blocks in before.items():
        assert life.writes()[name] - writes[name] == OCCURRENCES, "one request for each"
        moved = life.blocks(name)
        assert [block.event for block in moved] == [block.event for block in blocks]
        assert all(new.start > old.start for new, old in zip(moved, blocks, strict=True))
    assert minutes <= math.ceil(OCCURRENCES / CALLS_A_MINUTE) + 1
    life.settle()
    life.assert_quiet()


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
