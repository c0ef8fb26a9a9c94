"""Much at once, and what goes wrong between us and a provider."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.conftest import Check, assert_verified
from tests.conformance.drivers import Calendar
from tests.conformance.meeting import Meeting
from tests.conformance.rows import Row, mirrored, single
from tests.support.rig import Rig

MANY = 3000
BEGIN = datetime(2026, 11, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def meeting(number: int) -> Meeting:
    """The meetings of busy months."""
    start = (BEGIN + _offset(number)).replace(tzinfo=None)
    return Meeting(f"Meeting {number:04}", start, start + HOUR, zone="UTC")


def row(number: int) -> Row:
    """What the mirror holds of it."""
    start = BEGIN + _offset(number)
    return single(f"Meeting {number:04}", start, start + HOUR, zone="UTC")


def _offset(number: int) -> timedelta:
    return timedelta(hours=number % 3, days=number // 3 % 120)


def test_three_thousand_events(calendar: Calendar, holds: Check) -> None:
    calendar.create_many([meeting(number) for number in range(MANY)])
    holds(*map(row, range(MANY)))


def test_a_dead_cursor(rig: Rig, calendar: Calendar, holds: Check) -> None:
    kept, gone, changed = (calendar.create(meeting(number)) for number in range(3))
    holds(row(0), row(1), row(2))
    before = _version(rig)
    calendar.expire_cursor(rig)
    calendar.delete(gone)
    calendar.change(changed, meeting(7))
    calendar.create(meeting(8))
    holds(row(0), row(7), row(8))
    assert rig.count("calendar_sync_logs", trigger="repair", sync_type="full", status="success")
    assert _version(rig) == before, f"{kept} was not touched"


def test_quota(rig: Rig, calendar: Calendar, holds: Check) -> None:
    calendar.create(meeting(0))
    holds(row(0))
    calendar.create(meeting(1))
    calendar.fail_with_quota()
    rig.later(hours=7)
    rig.drain()
    (account,) = rig.rows("calendar_accounts")
    assert account["status"] == "active"
    assert rig.now() < account["blocked_until"] <= rig.now() + timedelta(minutes=2)
    assert {state["attempts"] for state in rig.rows("calendar_sync_states")} == {0}
    assert rig.count("dead_letters") == 0
    assert mirrored(rig) == [row(0)], "what is known stays"
    rig.at(account["blocked_until"] + timedelta(seconds=1))
    rig.drain()
    assert mirrored(rig) == [row(0), row(1)]
    assert_verified(rig)
    assert rig.rows("calendar_accounts")[0]["blocked_until"] is None


def test_lost_access(rig: Rig, calendar: Calendar, holds: Check) -> None:
    calendar.create(meeting(0))
    holds(row(0))
    calendar.lose_access()
    calendar.create(meeting(1))
    rig.later(hours=7)
    rig.drain()
    (account,) = rig.rows("calendar_accounts")
    assert account["status"] == "needs_reauth"
    (alert,) = rig.rows("calendar_alerts")
    assert alert["kind"] == "access_lost"
    assert rig.claims() == [], "it waits for the person"
    assert mirrored(rig) == [row(0)], "what is known stays"
    calendar.give_access_back(rig)
    rig.drain()
    assert mirrored(rig) == [row(0), row(1)]
    assert_verified(rig)
    (account,) = rig.rows("calendar_accounts")
    assert account["status"] == "active"
    assert [alert["resolved_by"] for alert in rig.rows("calendar_alerts")] == ["reconnected"]


def _version(rig: Rig) -> list[dict[str, Any]]:
    """When the row of the first meeting was written."""
    return rig.sql("select xmin::text from calendar_events where summary = 'Meeting 0000'")
