"""What the tests on Graph share: Ann's Outlook calendar, her events, and notifications."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from shared.steps.verify import verify
from tests.support.rig import Rig

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


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


def instances(rig: Rig, series: str) -> list[str]:
    """The ids of its next occurrences."""
    token = rig.microsoft.tokens(ANN)["access_token"]
    listed = httpx.get(
        f"{rig.microsoft.graph_url}/me/events/{series}/instances",
        params={"startDateTime": "2026-11-20T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z"},
        headers={"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'},
    ).json()
    return [each["id"] for each in listed["value"]]


def item(subscription: dict[str, Any], number: str, **more: Any) -> dict[str, Any]:
    """A change notification as Graph sends it."""
    return {
        "id": number,
        "subscriptionId": subscription["id"],
        "subscriptionExpirationDateTime": "2026-11-27T02:30:00.1234567-05:00",
        "clientState": subscription["clientState"],
        "changeType": "updated",
        "resource": "Users/u/Events/e",
        **more,
    }
