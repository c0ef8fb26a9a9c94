"""The hybrid loop on Graph: notifications, missed changes, renewal, dead deltas, sliding windows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.decide.client_state import issue_client_state
from shared.steps.maintain import slide_windows
from shared.steps.verify import verify
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def process() -> Iterator[MicrosoftEmulator]:
    with MicrosoftEmulator() as emulator:
        yield emulator


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator, process: MicrosoftEmulator) -> Iterator[Rig]:
    """An installation on a clock that stands still, with Ann and her Outlook calendar."""
    process.reset()
    process.add_person(ANN, "Ann", "Europe/Berlin")
    with Rig(database_url, google, process) as installation:
        installation.at(NOW)
        yield installation


def settled(rig: Rig) -> UUID:
    """Ann connects, and all that follows from it is done; gives her calendar's id."""
    rig.connect_microsoft(ANN)
    rig.drain()
    (row,) = rig.rows("calendars", is_primary=True)
    calendar_id: UUID = row["id"]
    return calendar_id


def drifted(rig: Rig, calendar: UUID) -> int:
    return verify(rig.service, calendar).drift.count


def event(title: str, start: datetime, hours: float = 1, **more: Any) -> dict[str, Any]:
    """A timed Outlook event on the clocks of Berlin (an hour ahead of UTC in winter)."""
    begin = start + timedelta(hours=1)
    times = {"start": begin, "end": begin + timedelta(hours=hours)}
    zone = "W. Europe Standard Time"
    return {
        "subject": title,
        **{
            name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": zone}
            for name, at in times.items()
        },
        **more,
    }


def weekly(title: str, start: datetime, **span: Any) -> dict[str, Any]:
    """A weekly series, endless unless `span` says otherwise."""
    days = [f"{start:%A}".lower()]
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": days}
    ending = {"type": "noEnd", "startDate": f"{start:%Y-%m-%d}"} | span
    return event(title, start, recurrence={"pattern": pattern, "range": ending})


def test_a_change_reaches_the_mirror_through_its_notification(rig: Rig) -> None:
    calendar = settled(rig)
    rig.microsoft.create_event(ANN, event("Board", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["Board"]
    assert rig.count("calendar_sync_logs", trigger="webhook", sync_type="webhook")
    assert rig.method(calendar) == "webhook"
    assert drifted(rig, calendar) == 0


def test_a_dropped_notification_is_found_by_the_six_hour_poll(rig: Rig) -> None:
    calendar = settled(rig)
    (before,) = rig.rows("webhook_subscriptions", status="active")
    rig.microsoft.fault("drop_notification")
    rig.microsoft.create_event(ANN, event("Unheard", TOMORROW))
    rig.microsoft.clear_faults()
    rig.later(hours=6, minutes=1)

    answer = rig.post("/functions/v1/calendar-polling-cron")

    assert answer.status_code == 200, answer.text
    assert (answer.json()["polled"], answer.json()["created"]) == (1, 1)
    assert rig.titles() == ["Unheard"]
    assert rig.state(calendar)["webhook_failures"] == 1
    rig.later(minutes=2)
    rig.drain()
    (after,) = rig.rows("webhook_subscriptions", status="active")
    assert after["id"] == before["id"], "the row stays"
    assert after["channel_id"] != before["channel_id"], "repaired: made anew at Graph"
    assert [each["id"] for each in rig.microsoft.subscriptions()] == [after["channel_id"]]
    assert drifted(rig, calendar) == 0
