"""Reads the fields of an iCalendar event that say what it is about and who takes part."""

from collections.abc import Set
from itertools import chain

from shared.decide.find_meeting import find_meeting
from shared.decide.ics_components import Line, Lines
from shared.decide.read_json import read_integer, read_text
from shared.model import Attendee, Organizer
from shared.states import EventStatus, Response, ShowAs, Visibility

OWN_TAG = "X-CALSYNC"  # the property of what we wrote ourselves

STATUSES = {each.name: each for each in EventStatus}
RESPONSES = {each.name.replace("_", "-"): each for each in Response}
# PUBLIC is what nearly every program writes when nobody chose anything (RFC 5545 section 3.8.1.3).
VISIBILITIES = {
    "PUBLIC": Visibility.DEFAULT,
    "PRIVATE": Visibility.PRIVATE,
    "CONFIDENTIAL": Visibility.CONFIDENTIAL,
}
# MS-OXCICAL section 2.1.3.1.1.20.31: what TRANSP and STATUS cannot say.
BUSY_KINDS = {
    "OOF": ShowAs.OUT_OF_OFFICE,
    "WORKINGELSEWHERE": ShowAs.WORKING_ELSEWHERE,
    "TENTATIVE": ShowAs.TENTATIVE,
    "FREE": ShowAs.FREE,
}
ROOMS = frozenset({"ROOM", "RESOURCE"})
CONFERENCES = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
)


def read_first_text(lines: Lines, name: str) -> str | None:
    """The text of a property's first line; None for an empty one."""
    return next((read_text(line.text) for line in lines.get(name, ())), None)


def read_word(lines: Lines, name: str) -> str:
    """A keyword in capitals; empty if absent."""
    return (read_first_text(lines, name) or "").strip().upper()


def read_ics_status(lines: Lines) -> EventStatus:
    """STATUS; a word that iCalendar does not know for events says nothing."""
    return STATUSES.get(read_word(lines, "STATUS"), EventStatus.CONFIRMED)


def read_ics_show_as(lines: Lines, status: EventStatus) -> ShowAs:
    """How the event counts for free/busy."""
    stated = BUSY_KINDS.get(read_word(lines, "X-MICROSOFT-CDO-BUSYSTATUS"))
    if stated is not None:
        return stated
    if read_word(lines, "TRANSP") == "TRANSPARENT":
        return ShowAs.FREE
    return ShowAs.TENTATIVE if status is EventStatus.TENTATIVE else ShowAs.BUSY


def read_ics_visibility(lines: Lines) -> Visibility:
    """Who may see the details; a word unknown to us is taken for private, as the RFC says."""
    return VISIBILITIES.get(read_word(lines, "CLASS") or "PUBLIC", Visibility.PRIVATE)


def read_ics_sequence(lines: Lines) -> int:
    """SEQUENCE; 0 for anything that is no count."""
    written = read_word(lines, "SEQUENCE")
    digits = written.isascii() and written.isdigit() and len(written) <= 10
    return read_integer(int(written)) if digits else 0


def read_ics_attendees(lines: Lines, addresses: Set[str]) -> tuple[Attendee, ...]:
    """The invited; those without an e-mail address are left out. `addresses` are one's own."""
    named = ((line, _email(line)) for line in lines.get("ATTENDEE", ()))
    return tuple(_attendee(line, email, addresses) for line, email in named if email)


def read_ics_organizer(lines: Lines, addresses: Set[str]) -> Organizer | None:
    """Who owns the meeting."""
    named = ((line, _email(line)) for line in lines.get("ORGANIZER", ()))
    return next(
        (Organizer(email, _name(line), email in addresses) for line, email in named if email),
        None,
    )


def read_ics_conference(lines: Lines) -> str | None:
    """Where people meet: a property for it, or what the texts link to."""
    stated = [read_text(line.value) for name in CONFERENCES for line in lines.get(name, ())]
    texts = [read_first_text(lines, name) for name in ("URL", "LOCATION", "DESCRIPTION")]
    found = chain((find_meeting(url, ()) for url in stated), (find_meeting(None, texts),))
    return next((meeting.url for meeting in found if meeting), None)


def read_ics_link(lines: Lines) -> str | None:
    """URL, where a browser can open it."""
    link = read_first_text(lines, "URL") or ""
    return link if link.lower().startswith(("http://", "https://")) else None


def _attendee(line: Line, email: str, addresses: Set[str]) -> Attendee:
    response = line.parameters.get("PARTSTAT", "").upper()
    return Attendee(
        email=email,
        name=_name(line),
        response=RESPONSES.get(response, Response.NEEDS_ACTION),
        optional=line.parameters.get("ROLE", "").upper() == "OPT-PARTICIPANT",
        resource=line.parameters.get("CUTYPE", "").upper() in ROOMS,
        is_self=email in addresses,
    )


def _email(line: Line) -> str | None:
    """The address of a `mailto:`, or the EMAIL parameter of one that has another kind of URI."""
    for written in (line.value, line.parameters.get("EMAIL", "")):
        text = (read_text(written) or "").strip()
        if text[:7].lower() == "mailto:":
            text = text[7:].strip()
        if "@" in text and ":" not in text and "/" not in text:
            return text.lower()
    return None


def _name(line: Line) -> str | None:
    return read_text(line.parameters.get("CN"))
