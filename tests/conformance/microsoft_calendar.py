"""Ann's Outlook calendar: events of Graph v1.0, entered by the emulator's control API."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import httpx

from shared.states import EventStatus, Response, ShowAs, Visibility
from tests.conformance.meeting import ANN, BERLIN, WINDOWS_ZONES, Guest, Meeting, Rule
from tests.conformance.microsoft_writing import MicrosoftWriting
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

RESPONSES: Mapping[Response, str] = {
    Response.NEEDS_ACTION: "notResponded",
    Response.ACCEPTED: "accepted",
    Response.TENTATIVE: "tentativelyAccepted",
    Response.DECLINED: "declined",
}
SHOWN: Mapping[ShowAs, str] = {
    ShowAs.BUSY: "busy",
    ShowAs.FREE: "free",
    ShowAs.OUT_OF_OFFICE: "oof",
}
SENSITIVITIES: Mapping[Visibility, str] = {
    Visibility.DEFAULT: "normal",
    Visibility.PRIVATE: "private",
    Visibility.CONFIDENTIAL: "confidential",
}
DAYS: Mapping[str, str] = {
    "MO": "monday",
    "TU": "tuesday",
    "WE": "wednesday",
    "TH": "thursday",
    "FR": "friday",
    "SA": "saturday",
    "SU": "sunday",
}
IMMUTABLE = 'IdType="ImmutableId"'
SPAN = {"startDateTime": "2026-09-01T00:00:00Z", "endDateTime": "2027-09-01T00:00:00Z"}


class MicrosoftCalendar:
    """The default calendar of the mailbox."""

    def __init__(self, microsoft: MicrosoftEmulator) -> None:
        self._microsoft = microsoft
        self._meetings: dict[str, Meeting] = {}
        self._instances: dict[tuple[str, date], str] = {}
        microsoft.reset()
        microsoft.add_person(ANN, "Ann", BERLIN)

    def connect(self, rig: Rig) -> None:
        rig.connect_microsoft(ANN)

    def writing(self) -> MicrosoftWriting:
        return MicrosoftWriting(self._microsoft)

    def create(self, meeting: Meeting) -> str:
        event = str(self._microsoft.create_event(ANN, _body(meeting))["id"])
        self._meetings[event] = meeting
        return event

    def create_many(self, meetings: Sequence[Meeting]) -> None:
        self._microsoft.create_events(ANN, [_body(meeting) for meeting in meetings])

    def change(self, event: str, meeting: Meeting) -> None:
        self._microsoft.patch_event(ANN, event, _body(meeting))
        self._meetings[event] = meeting

    def delete(self, event: str) -> None:
        self._microsoft.delete_event(ANN, event)

    def change_instance(self, event: str, original: date, meeting: Meeting) -> None:
        body = _body(meeting)
        del body["recurrence"]
        self._microsoft.patch_event(ANN, self._instance(event, original), body)

    def cancel_instance(self, event: str, original: date) -> None:
        self._microsoft.delete_event(ANN, self._instance(event, original))

    def answer(self, event: str, response: Response) -> None:
        answered = {"response": RESPONSES[response]}
        self._microsoft.patch_event(ANN, event, {"responseStatus": answered})

    def expire_cursor(self, rig: Rig) -> None:
        self._microsoft.expire_delta_tokens()

    def fail_with_quota(self) -> None:
        self._microsoft.fault(
            "status",
            status=429,
            match={"method": "calendarView.delta"},
            retry_after="2.128",
            times=1,
        )

    def lose_access(self) -> None:
        self._microsoft.revoke(ANN)

    def give_access_back(self, rig: Rig) -> None:
        self.connect(rig)

    def _instance(self, event: str, original: date) -> str:
        """The id of the instance, which it keeps when it is moved."""
        if (event, original) not in self._instances:
            self._instances[event, original] = self._find_instance(event, original)
        return self._instances[event, original]

    def _find_instance(self, event: str, original: date) -> str:
        """As an app finds it: among the `instances` of the series."""
        token = self._microsoft.tokens(ANN)["access_token"]
        clocks = f'outlook.timezone="{WINDOWS_ZONES[self._meetings[event].zone]}"'
        listed = httpx.get(
            f"{self._microsoft.graph_url}/me/events/{event}/instances",
            params=SPAN | {"$top": "100"},
            headers={"Authorization": f"Bearer {token}", "Prefer": f"{IMMUTABLE}, {clocks}"},
        )
        wanted = f"{_wall(original):%Y-%m-%dT%H:%M:%S}"
        rows = listed.raise_for_status().json()["value"]
        (found,) = [row["id"] for row in rows if row["start"]["dateTime"].startswith(wanted)]
        return str(found)


def _body(meeting: Meeting) -> dict[str, Any]:
    said: dict[str, Any] = {
        "subject": meeting.title,
        "isAllDay": meeting.all_day,
        "isCancelled": meeting.status is EventStatus.CANCELLED,
        "start": _time(meeting.start, meeting),
        "end": _time(meeting.end, meeting),
        "location": {"displayName": meeting.location or ""},
        "body": {"contentType": "text", "content": meeting.description or ""},
        "showAs": _shown(meeting),
        "sensitivity": SENSITIVITIES[meeting.visibility],
        "attendees": [_attendee(guest) for guest in meeting.guests],
        "recurrence": _recurrence(meeting.rule, meeting.start) if meeting.rule else None,
    }
    if meeting.own_tag:
        said["transactionId"] = meeting.own_tag
    if meeting.organizer:
        said["isOrganizer"] = False
        said["organizer"] = {"emailAddress": {"address": meeting.organizer}}
        own = [guest for guest in meeting.guests if guest.email == ANN]
        said["responseStatus"] = {"response": RESPONSES[own[0].response]}
    return said


def _shown(meeting: Meeting) -> str:
    """Outlook says with `showAs` alone that something is not certain."""
    unsure = meeting.status is EventStatus.TENTATIVE
    return "tentative" if unsure else SHOWN[meeting.show_as]


def _time(moment: date, meeting: Meeting) -> dict[str, str]:
    return {
        "dateTime": f"{_wall(moment):%Y-%m-%dT%H:%M:%S}",
        "timeZone": WINDOWS_ZONES[meeting.zone],
    }


def _wall(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time.min)


def _recurrence(rule: Rule, start: date) -> dict[str, Any]:
    pattern: dict[str, Any] = {"type": "daily", "interval": rule.interval}
    if rule.every == "week":
        pattern |= {"type": "weekly", "daysOfWeek": [DAYS[day] for day in rule.days]}
    ending: dict[str, Any] = {"type": "noEnd", "startDate": f"{start:%Y-%m-%d}"}
    if rule.count:
        ending |= {"type": "numbered", "numberOfOccurrences": rule.count}
    return {"pattern": pattern, "range": ending}


def _attendee(guest: Guest) -> dict[str, Any]:
    return {
        "type": "required",
        "emailAddress": {"address": guest.email, "name": guest.email},
        "status": {"response": RESPONSES[guest.response].replace("notResponded", "none")},
    }
