"""Meetings as iCalendar text (RFC 5545), as a person's calendar program writes it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from shared.states import EventStatus, ShowAs, Visibility
from tests.conformance.meeting import ANN, Guest, Meeting, Rule


def rule_text(rule: Rule) -> str:
    """The value of an RRULE."""
    parts = [
        "FREQ=DAILY" if rule.every == "day" else "FREQ=WEEKLY",
        *([f"INTERVAL={rule.interval}"] if rule.interval > 1 else []),
        *([f"BYDAY={','.join(rule.days)}"] if rule.days else []),
        *([f"COUNT={rule.count}"] if rule.count else []),
    ]
    return ";".join(parts)


def calendar_text(
    uid: str, meeting: Meeting, changed: Mapping[date, Meeting], cancelled: Iterable[date]
) -> str:
    """The object of a meeting: master, exceptions, and the dates that do not take place.

    Without VTIMEZONE: the zones are known by their names.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CalSync//Conformance//EN",
        *_event(uid, meeting),
        *(f"EXDATE{_moment(day, meeting.zone)}" for day in cancelled),
        "END:VEVENT",
    ]
    for original, other in changed.items():
        instance = f"RECURRENCE-ID{_moment(original, meeting.zone)}"
        lines += [*_event(uid, other), instance, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _event(uid: str, meeting: Meeting) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261001T000000Z",
        f"DTSTART{_moment(meeting.start, meeting.zone)}",
        f"DTEND{_moment(meeting.end, meeting.zone)}",
        f"SUMMARY:{_escaped(meeting.title)}",
        *([f"RRULE:{rule_text(meeting.rule)}"] if meeting.rule else []),
        *([f"LOCATION:{_escaped(meeting.location)}"] if meeting.location else []),
        *([f"DESCRIPTION:{_escaped(meeting.description)}"] if meeting.description else []),
        *_kinds(meeting),
        *_people(meeting),
    ]


def _kinds(meeting: Meeting) -> list[str]:
    lines = []
    if meeting.status is not EventStatus.CONFIRMED:
        lines.append(f"STATUS:{meeting.status.name}")
    if meeting.show_as is ShowAs.FREE:
        lines.append("TRANSP:TRANSPARENT")
    if meeting.show_as is ShowAs.OUT_OF_OFFICE:
        lines.append("X-MICROSOFT-CDO-BUSYSTATUS:OOF")
    if meeting.visibility is not Visibility.DEFAULT:
        lines.append(f"CLASS:{meeting.visibility.name}")
    if meeting.own_tag:
        lines.append(f"X-CALSYNC:{meeting.own_tag}")
    return lines


def _people(meeting: Meeting) -> list[str]:
    if not meeting.guests:
        return []
    organizer = meeting.organizer or ANN
    return [f"ORGANIZER:mailto:{organizer}", *map(_attendee, meeting.guests)]


def _attendee(guest: Guest) -> str:
    answer = guest.response.name.replace("_", "-")
    return f"ATTENDEE;PARTSTAT={answer}:mailto:{guest.email}"


def _moment(moment: date, zone: str) -> str:
    """Parameters and value of a date or time."""
    if not isinstance(moment, datetime):
        return f";VALUE=DATE:{moment:%Y%m%d}"
    if zone == "UTC":
        return f":{moment:%Y%m%dT%H%M%SZ}"
    return f";TZID={zone}:{moment:%Y%m%dT%H%M%S}"


def _escaped(text: str) -> str:
    for plain in ("\\", ";", ","):
        text = text.replace(plain, f"\\{plain}")
    return text.replace("\n", "\\n")
