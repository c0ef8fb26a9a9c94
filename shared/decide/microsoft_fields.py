"""Reads the fields of a Graph event that say what it is about and who takes part."""

import re
from collections.abc import Mapping

from shared.decide.find_meeting import find_meeting
from shared.decide.own_tag import APPOINTMENT, BLOCK
from shared.decide.read_json import read_list, read_object, read_text
from shared.model import Attendee, Organizer
from shared.states import Response, ShowAs, Visibility

OWN_TAG = "calsync"  # how the name of our extended property ends
OWN_PROPERTY = f"String {{0d6f7f3c-5b1e-4c52-9d3e-7c1a8f0e4b21}} Name {OWN_TAG}"
"""The extended property that holds the tag of what CalSync wrote."""

SHOWN_AS = {
    "free": ShowAs.FREE,
    "tentative": ShowAs.TENTATIVE,
    "busy": ShowAs.BUSY,
    "oof": ShowAs.OUT_OF_OFFICE,
    "workingElsewhere": ShowAs.WORKING_ELSEWHERE,
}
VISIBILITIES = {
    "normal": Visibility.DEFAULT,
    "personal": Visibility.PRIVATE,
    "private": Visibility.PRIVATE,
    "confidential": Visibility.CONFIDENTIAL,
}
RESPONSES = {
    "notResponded": Response.NEEDS_ACTION,
    "accepted": Response.ACCEPTED,
    "tentativelyAccepted": Response.TENTATIVE,
    "declined": Response.DECLINED,
    "organizer": Response.ACCEPTED,
}

_LINE_END = re.compile(r"\r\n?")

Raw = Mapping[str, object]


def read_show_as(raw: Raw) -> ShowAs:
    """How the event counts for free/busy; what is `unknown` counts as busy."""
    return SHOWN_AS.get(read_text(raw.get("showAs")) or "", ShowAs.BUSY)


def read_visibility(raw: Raw) -> Visibility:
    """Who may see the details; a kind unknown to us is taken for private, to show too little."""
    name = read_text(raw.get("sensitivity")) or "normal"
    return VISIBILITIES.get(name, Visibility.PRIVATE)


def read_description(raw: Raw) -> str | None:
    """The body as text, without Outlook's line ends; HTML (from elsewhere) as it is."""
    body = read_object(raw.get("body"))
    content = read_text(body.get("content")) or ""
    if body.get("contentType") == "html":
        return content or None
    return _LINE_END.sub("\n", content).rstrip() or None


def read_location(raw: Raw) -> str | None:
    """Where it happens."""
    return read_text(read_object(raw.get("location")).get("displayName"))


def read_attendees(raw: Raw, own_email: str) -> tuple[Attendee, ...]:
    """The invited; those without an address are left out.

    The owner's own answer stands in `responseStatus`; the list is the organizer's, and lags.
    """
    entries = [read_object(entry) for entry in read_list(raw.get("attendees"))]
    own = own_email.lower()
    own_response = read_self_response(raw)
    return tuple(_attendee(entry, own, own_response) for entry in entries if _person(entry)[0])


def read_self_response(raw: Raw) -> Response | None:
    """The owner's answer to an invitation; None for the owner's own events."""
    if is_own(raw):
        return None
    return _response(raw.get("responseStatus"))


def read_organizer(raw: Raw) -> Organizer | None:
    """Who owns the meeting."""
    email, name = _person(read_object(raw.get("organizer")))
    return Organizer(email, name, is_own(raw)) if email else None


def is_own(raw: Raw) -> bool:
    """Whether the calendar's owner organises it."""
    status = read_object(raw.get("responseStatus"))
    return raw.get("isOrganizer") is True or status.get("response") == "organizer"


def read_conference_url(raw: Raw) -> str | None:
    """Where people meet: the online meeting, its old form, or what the texts link to."""
    stated = [
        read_text(read_object(raw.get("onlineMeeting")).get("joinUrl")),
        read_text(raw.get("onlineMeetingUrl")),
    ]
    texts = [read_location(raw), read_description(raw)]
    meeting = find_meeting(next(filter(None, stated), None), texts)
    return meeting.url if meeting else None


def read_own_tag(raw: Raw) -> str | None:
    """The tag by which we know what we wrote ourselves.

    The extended property where it was asked for; delta shows none, but the transactionId.
    """
    for entry in map(read_object, read_list(raw.get("singleValueExtendedProperties"))):
        named = read_text(entry.get("id")) or ""
        if named.endswith(f" Name {OWN_TAG}"):
            return read_text(entry.get("value"))
    transaction = read_text(raw.get("transactionId")) or ""
    return transaction if transaction.startswith((BLOCK, APPOINTMENT)) else None


def _attendee(entry: Raw, own_email: str, own_response: Response | None) -> Attendee:
    email, name = _person(entry)
    told = _response(entry.get("status"))
    is_self = email == own_email
    return Attendee(
        email=email,
        name=name,
        response=(own_response if is_self else None) or told or Response.NEEDS_ACTION,
        optional=entry.get("type") == "optional",
        resource=entry.get("type") == "resource",
        is_self=is_self,
    )


def _person(entry: Raw) -> tuple[str, str | None]:
    """Address and name. Outlook names those without a name by their address."""
    address = read_object(entry.get("emailAddress"))
    email = (read_text(address.get("address")) or "").strip().lower()
    name = read_text(address.get("name"))
    return email, None if name is None or name.lower() == email else name


def _response(status: object) -> Response | None:
    return RESPONSES.get(read_text(read_object(status).get("response")) or "")
