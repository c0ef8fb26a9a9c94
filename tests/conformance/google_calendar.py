"""Ann's Google calendar: events of the Calendar API v3, entered by the emulator's control API."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.states import Response, ShowAs
from tests.conformance.google_writing import GoogleWriting
from tests.conformance.ics_text import rule_text
from tests.conformance.meeting import ANN, Guest, Meeting, answered
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig

RESPONSES: Mapping[Response, str] = {
    Response.NEEDS_ACTION: "needsAction",
    Response.ACCEPTED: "accepted",
    Response.TENTATIVE: "tentative",
    Response.DECLINED: "declined",
}


class GoogleCalendar:
    """The primary calendar: only there Ann is the organizer of what she enters."""

    def __init__(self, google: GoogleEmulator) -> None:
        self._google = google
        self._meetings: dict[str, Meeting] = {}
        self._people = {ANN}
        google.add_person(ANN, "Ann")

    def connect(self, rig: Rig) -> None:
        rig.connect(ANN)

    def writing(self) -> GoogleWriting:
        return GoogleWriting(self._google)

    def create(self, meeting: Meeting) -> str:
        organizer = meeting.organizer or ANN
        if organizer not in self._people:
            self._google.add_person(organizer)
            self._people.add(organizer)
        event = str(self._google.create_event(organizer, _body(meeting))["id"])
        self._meetings[event] = meeting
        return event

    def create_many(self, meetings: Sequence[Meeting]) -> None:
        self._google.create_events(ANN, [_body(meeting) for meeting in meetings])

    def change(self, event: str, meeting: Meeting) -> None:
        path = f"people/{ANN}/calendars/primary/events/{event}"
        self._google.control(path, _body(meeting), "PUT")
        self._meetings[event] = meeting

    def delete(self, event: str) -> None:
        self._google.delete_event(ANN, event)

    def change_instance(self, event: str, original: date, meeting: Meeting) -> None:
        self._google.patch_event(ANN, self._instance(event, original), _body(meeting))

    def cancel_instance(self, event: str, original: date) -> None:
        self._google.delete_event(ANN, self._instance(event, original))

    def answer(self, event: str, response: Response) -> None:
        guests = answered(self._meetings[event], response).guests
        self._google.patch_event(ANN, event, {"attendees": _attendees(guests)})

    def expire_cursor(self, rig: Rig) -> None:
        self._google.expire_sync_tokens()

    def fail_with_quota(self) -> None:
        self._google.fault(
            "status",
            status=403,
            reason="rateLimitExceeded",
            match={"method": "events.list"},
            times=1,
        )

    def lose_access(self) -> None:
        self._google.revoke(ANN)

    def give_access_back(self, rig: Rig) -> None:
        self.connect(rig)

    def _instance(self, event: str, original: date) -> str:
        if not isinstance(original, datetime):
            return f"{event}_{original:%Y%m%d}"
        zone = ZoneInfo(self._meetings[event].zone)
        return f"{event}_{original.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _body(meeting: Meeting) -> dict[str, Any]:
    said: dict[str, Any] = {
        "summary": meeting.title,
        "start": _time(meeting.start, meeting),
        "end": _time(meeting.end, meeting),
        "status": meeting.status.value,
        "location": meeting.location,
        "description": meeting.description,
        "transparency": "transparent" if meeting.show_as is ShowAs.FREE else None,
        "eventType": "outOfOffice" if meeting.show_as is ShowAs.OUT_OF_OFFICE else None,
        "visibility": meeting.visibility.value,
        "attendees": _attendees(meeting.guests) or None,
        "recurrence": [f"RRULE:{rule_text(meeting.rule)}"] if meeting.rule else None,
        "extendedProperties": _tag(meeting.own_tag) if meeting.own_tag else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _tag(tag: str) -> dict[str, Any]:
    return {"private": {"calsync": tag}}


def _time(moment: date, meeting: Meeting) -> dict[str, str]:
    if not isinstance(moment, datetime):
        return {"date": moment.isoformat()}
    return {"dateTime": moment.isoformat(), "timeZone": meeting.zone}


def _attendees(guests: Sequence[Guest]) -> list[dict[str, str]]:
    return [{"email": guest.email, "responseStatus": RESPONSES[guest.response]} for guest in guests]
