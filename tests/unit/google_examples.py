"""Event resources in Google's real shape, made up for these tests."""

import copy
from datetime import UTC, datetime

from shared.decide.normalise_google import normalise_google
from shared.model import Change, Event, Window

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
BERLIN = "Europe/Berlin"

TIMED: dict[str, object] = {
    "kind": "calendar#event",
    "etag": '"3588595201234000"',
    "id": "6ihhq3tqcan9",
    "status": "confirmed",
    "htmlLink": "https://www.google.com/calendar/event?eid=NmloaHEzdHFjYW45",
    "created": "2026-11-10T08:00:00.000Z",
    "updated": "2026-11-10T08:00:00.617Z",
    "summary": "Quarterly review",
    "description": "Agenda follows",
    "location": "Room 4",
    "creator": {"email": "Ann@x.test", "self": True},
    "organizer": {"email": "Ann@x.test", "displayName": "Ann", "self": True},
    "start": {"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-24T11:00:00+01:00", "timeZone": "Europe/Berlin"},
    "iCalUID": "6ihhq3tqcan9@google.com",
    "sequence": 2,
    "attendees": [
        {"email": "Ann@x.test", "organizer": True, "self": True, "responseStatus": "accepted"},
        {"email": "bob@y.test", "displayName": "Bob", "responseStatus": "tentative"},
        {"email": "cat@y.test", "optional": True, "responseStatus": "needsAction"},
        {"email": "room4@resource.test", "resource": True, "responseStatus": "declined"},
    ],
    "hangoutLink": "https://meet.google.com/abc-defg-hij",
    "conferenceData": {
        "entryPoints": [
            {"entryPointType": "phone", "uri": "tel:+49-30-1234"},
            {"entryPointType": "video", "uri": "https://meet.google.com/abc-defg-hij"},
        ],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}},
    },
    "reminders": {"useDefault": True},
    "eventType": "default",
}
ALL_DAY: dict[str, object] = {
    "id": "allday1",
    "etag": '"1"',
    "status": "confirmed",
    "summary": "Conference",
    "start": {"date": "2026-11-24"},
    "end": {"date": "2026-11-26"},
}
SERIES: dict[str, object] = {
    **TIMED,
    "id": "ser1",
    "iCalUID": "ser1@google.com",
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"],
}
MOVED: dict[str, object] = {
    **TIMED,
    "id": "ser1_20261124T090000Z",
    "recurringEventId": "ser1",
    "originalStartTime": {"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    "start": {"dateTime": "2026-11-25T15:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-25T16:00:00+01:00", "timeZone": "Europe/Berlin"},
}
# As recorded incremental syncs bring them: nothing but this.
CANCELLED_INSTANCE: dict[str, object] = {
    "id": "ser1_20261124T090000Z",
    "status": "cancelled",
    "recurringEventId": "ser1",
    "originalStartTime": {"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Berlin"},
}
DELETED: dict[str, object] = {
    "kind": "calendar#event",
    "etag": '"3588595201234000"',
    "id": "abc",
    "status": "cancelled",
}
WORKING_LOCATION: dict[str, object] = {
    "id": "wl1",
    "etag": '"1"',
    "status": "confirmed",
    "summary": "Home",
    "transparency": "transparent",
    "visibility": "public",
    "eventType": "workingLocation",
    "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}},
    "start": {"date": "2026-11-24"},
    "end": {"date": "2026-11-25"},
}
EVERY_SHAPE = (
    TIMED,
    ALL_DAY,
    SERIES,
    MOVED,
    CANCELLED_INSTANCE,
    DELETED,
    WORKING_LOCATION,
)


def changed(raw: dict[str, object], **fields: object) -> dict[str, object]:
    """A copy with other fields; those given as None are left out."""
    merged = copy.deepcopy(raw) | fields
    return {name: value for name, value in merged.items() if value is not None}


def normalised(raw: dict[str, object], **fields: object) -> Change:
    """What the example means, with other fields."""
    return normalise_google(changed(raw, **fields), BERLIN, WINDOW)


def event(raw: dict[str, object], **fields: object) -> Event:
    """The same where an event is expected."""
    change = normalised(raw, **fields)
    assert isinstance(change, Event)
    return change
