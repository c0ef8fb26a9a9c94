"""Reads the fields of a Google event that say what it is about and who takes part."""

from collections.abc import Mapping

from shared.decide.find_meeting import find_meeting
from shared.decide.read_json import read_list, read_object, read_text
from shared.model import Attendee, Organizer
from shared.states import EventStatus, Response, ShowAs, Visibility

OWN_TAG = "calsync"  # the key among the private extended properties of what we wrote

FREE_TYPES = frozenset({"workingLocation", "birthday"})
RESPONSES = {
    "needsAction": Response.NEEDS_ACTION,
    "accepted": Response.ACCEPTED,
    "tentative": Response.TENTATIVE,
    "declined": Response.DECLINED,
}
VISIBILITIES = {each.value: each for each in Visibility}

Raw = Mapping[str, object]


def read_show_as(raw: Raw, status: EventStatus) -> ShowAs:
    """How the event counts for free/busy. Google omits `transparency` when it is `opaque`."""
    event_type = raw.get("eventType")
    if raw.get("transparency") == "transparent":
        return ShowAs.FREE
    if isinstance(event_type, str) and event_type in FREE_TYPES:
        return ShowAs.FREE
    if event_type == "outOfOffice":
        return ShowAs.OUT_OF_OFFICE
    return ShowAs.TENTATIVE if status is EventStatus.TENTATIVE else ShowAs.BUSY


def read_visibility(raw: Raw) -> Visibility:
    """Who may see the details; a kind unknown to us is taken for private, to show too little."""
    name = read_text(raw.get("visibility")) or Visibility.DEFAULT.value
    return VISIBILITIES.get(name, Visibility.PRIVATE)


def read_attendees(raw: Raw) -> tuple[Attendee, ...]:
    """The invited; those without an address (profiles of old) are left out."""
    entries = [read_object(entry) for entry in read_list(raw.get("attendees"))]
    return tuple(_attendee(entry, email) for entry in entries if (email := _email(entry)))


def read_self_response(raw: Raw) -> Response | None:
    """The answer of the calendar's owner, None if not among the attendees."""
    entries = [read_object(entry) for entry in read_list(raw.get("attendees"))]
    return next((_response(entry) for entry in entries if entry.get("self") is True), None)


def read_organizer(raw: Raw) -> Organizer | None:
    """Who owns the meeting."""
    entry = read_object(raw.get("organizer"))
    email = _email(entry)
    if email is None:
        return None
    return Organizer(email, read_text(entry.get("displayName")), entry.get("self") is True)


def read_conference_url(raw: Raw) -> str | None:
    """Where people meet: conference data, the old `hangoutLink`, or what the texts link to."""
    entries = read_list(read_object(raw.get("conferenceData")).get("entryPoints"))
    videos = [
        read_text(point.get("uri"))
        for point in map(read_object, entries)
        if point.get("entryPointType") == "video"
    ]
    stated = next(filter(None, [*videos, read_text(raw.get("hangoutLink"))]), None)
    texts = [read_text(raw.get("location")), read_text(raw.get("description"))]
    meeting = find_meeting(stated, texts)
    return meeting.url if meeting else None


def read_own_tag(raw: Raw) -> str | None:
    """The tag by which we know what we wrote ourselves; copies for other people have none."""
    private = read_object(read_object(raw.get("extendedProperties")).get("private"))
    return read_text(private.get(OWN_TAG))


def _attendee(entry: Raw, email: str) -> Attendee:
    return Attendee(
        email=email,
        name=read_text(entry.get("displayName")),
        response=_response(entry),
        optional=entry.get("optional") is True,
        resource=entry.get("resource") is True,
        is_self=entry.get("self") is True,
    )


def _response(entry: Raw) -> Response:
    name = read_text(entry.get("responseStatus")) or ""
    return RESPONSES.get(name, Response.NEEDS_ACTION)


def _email(entry: Raw) -> str | None:
    return (read_text(entry.get("email")) or "").strip().lower() or None
