"""Graph events in their real shape, made up for these tests."""

from datetime import UTC, datetime
from typing import Any

from shared.decide.normalise_microsoft import normalise_microsoft
from shared.model import Change, Event, Window

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
ANN = "ann@x.test"
BERLIN = "W. Europe Standard Time"

Raw = dict[str, Any]


def at(moment: str) -> Raw:
    return {"dateTime": f"{moment}.0000000", "timeZone": "UTC"}


TIMED: Raw = {
    "@odata.type": "#microsoft.graph.event",
    "@odata.etag": 'W/"EZ9r3czxY0m2jz8c45czkwAAFXcvIQ=="',
    "id": "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0ATimed=",
    "createdDateTime": "2026-11-10T08:00:00.56197Z",
    "lastModifiedDateTime": "2026-11-10T08:00:00.6170449Z",
    "changeKey": "EZ9r3czxY0m2jz8c45czkwAAFXcvIQ==",
    "originalStartTimeZone": BERLIN,
    "originalEndTimeZone": BERLIN,
    "iCalUId": "040000008200E00074C5B7101A82E008",
    "subject": "Quarterly review",
    "bodyPreview": "Agenda follows",
    "body": {"contentType": "text", "content": "Agenda\r\nfollows\r\n"},
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": False,
    "seriesMasterId": None,
    "showAs": "busy",
    "type": "singleInstance",
    "webLink": "https://outlook.office365.com/owa/?itemid=1",
    "onlineMeetingUrl": None,
    "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0"},
    "responseStatus": {"response": "tentativelyAccepted", "time": "2026-11-10T08:00:00Z"},
    "start": at("2026-11-24T09:00:00"),
    "end": at("2026-11-24T10:00:00"),
    "location": {"displayName": "Room 4", "locationType": "default"},
    "recurrence": None,
    "attendees": [
        {
            "type": "required",
            "status": {"response": "tentativelyAccepted"},
            "emailAddress": {"name": "Ann", "address": "Ann@x.test"},
        },
        {
            "type": "optional",
            "status": {"response": "none"},
            "emailAddress": {"name": "cat@y.test", "address": "Cat@y.test"},
        },
        {
            "type": "resource",
            "status": {"response": "declined"},
            "emailAddress": {"address": "room4@x.test"},
        },
        {"type": "required", "emailAddress": {"name": "Nobody"}},
    ],
    "organizer": {"emailAddress": {"name": "Bob", "address": "bob@y.test"}},
}
ALL_DAY: Raw = {
    "id": "allday",
    "subject": "Conference",
    "isAllDay": True,
    "type": "singleInstance",
    "originalStartTimeZone": BERLIN,
    "start": at("2026-11-24T00:00:00"),
    "end": at("2026-11-26T00:00:00"),
}
MASTER: Raw = {
    **TIMED,
    "id": "master",
    "type": "seriesMaster",
    "iCalUId": "of-the-series",
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {
            "type": "numbered",
            "startDate": "2026-11-24",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": BERLIN,
            "numberOfOccurrences": 3,
        },
    },
}
ALL_DAY_MASTER: Raw = {
    **ALL_DAY,
    "id": "allday-master",
    "type": "seriesMaster",
    "recurrence": MASTER["recurrence"],
}


def occurrence(start: str, end: str, number: int = 1) -> Raw:
    """All that delta tells of a plain occurrence."""
    return {
        "id": f"occurrence-{number}",
        "type": "occurrence",
        "seriesMasterId": "master",
        "start": at(start),
        "end": at(end),
    }


MOVED: Raw = {
    **TIMED,
    "id": "exception",
    "type": "exception",
    "iCalUId": "of-this-one",
    "seriesMasterId": "master",
    "originalStart": "2026-12-01T09:00:00Z",
    "subject": "Moved",
    "start": at("2026-12-02T09:00:00"),
    "end": at("2026-12-02T10:00:00"),
}
SERIES: Raw = {
    "master": MASTER,
    "occurrences": [
        occurrence("2026-11-24T09:00:00", "2026-11-24T10:00:00"),
        occurrence("2026-12-08T09:00:00", "2026-12-08T10:00:00", 2),
    ],
    "exceptions": [MOVED],
}
ALL_DAY_SERIES: Raw = {
    "master": ALL_DAY_MASTER,
    "occurrences": [occurrence("2026-11-24T00:00:00", "2026-11-26T00:00:00")],
    "exceptions": [
        {
            **ALL_DAY,
            "id": "allday-exception",
            "type": "exception",
            "originalStart": "2026-11-30T23:00:00Z",
        }
    ],
}
REMOVED: Raw = {"id": "gone", "@removed": {"reason": "deleted"}}
EVERY_SHAPE = (TIMED, ALL_DAY, SERIES, ALL_DAY_SERIES, REMOVED)


def changes(raw: Raw, zone: str = "UTC", window: Window = WINDOW) -> tuple[Change, ...]:
    return normalise_microsoft(raw, zone, window, ANN)


def event(raw: Raw, zone: str = "UTC", window: Window = WINDOW) -> Event:
    """The event of an item that is mirrored; of a series, the master."""
    first = changes(raw, zone, window)[0]
    assert isinstance(first, Event), first
    return first
