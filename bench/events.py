"""Events as a busy person's calendar holds them."""

from datetime import UTC, datetime, timedelta
from typing import Any

BATCH = 5_000
FIRST_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
DESCRIPTION = (
    "<p>Agenda: numbers of last week, what is blocked, who is away. "
    'Join: <a href="https://us02web.zoom.us/j/8123456789?pwd=c2VjcmV0">Zoom</a>. '
    "Notes are kept in the shared folder; add your points before noon.</p>"
)


def sample_event(number: int) -> dict[str, Any]:
    """Of 20 events 2 are all-day, 1 repeats weekly half a year long, 12 have guests."""
    start = FIRST_START + timedelta(minutes=30 * number % (365 * 24 * 60))
    kind = number % 20
    body: dict[str, Any] = {"summary": f"Event {number}", "description": DESCRIPTION}
    if kind < 2:
        return body | {
            "start": {"date": start.date().isoformat()},
            "end": {"date": (start.date() + timedelta(days=1)).isoformat()},
        }
    body |= {"start": _at(start), "end": _at(start + timedelta(minutes=45)), "location": "Room 4"}
    if kind == 2:
        body["recurrence"] = ["RRULE:FREQ=WEEKLY;COUNT=26"]
    if kind >= 8:
        body["attendees"] = [
            {"email": f"guest{number % 97}@example.test"},
            {"email": f"guest{number % 89}@example.org", "responseStatus": "accepted"},
        ]
    return body


def short_event(title: str) -> dict[str, Any]:
    """An event of an hour."""
    return {
        "summary": title,
        "start": _at(FIRST_START),
        "end": _at(FIRST_START + timedelta(hours=1)),
    }


def _at(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.isoformat(), "timeZone": "Europe/Berlin"}
