"""Meetings with guests: the organizer's event and its copies in the guests' calendars.

A copy has the same id and iCalUID. What the organizer changes reaches every copy; a guest's
answer reaches the organizer and through it the other guests.
"""

from emulator.common.json_types import Json

from . import event_store
from .errors import not_the_organizer
from .event_compose import flagged, html_link
from .event_time import parse
from .model import Calendar, EventRecord
from .world import World

SHARED = (
    "summary",
    "description",
    "location",
    "start",
    "end",
    "recurrence",
    "status",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "conferenceData",
    "source",
    "attachments",
)
_ANSWER = ("responseStatus", "comment", "additionalGuests")
# What each copy has for itself.
_OWN = ("reminders", "colorId", "transparency", "visibility")


def _email(guest: Json) -> str:
    return str(guest["email"]).lower()


def _organizer_calendar(world: World, calendar: Calendar, body: Json) -> Calendar | None:
    """The calendar that owns the meeting, if it is another one in this world."""
    organizer = str(body.get("organizer", {}).get("email", ""))
    if body.get("privateCopy") or organizer == calendar.id:
        return None
    owner = world.state.calendars.get(organizer)
    return owner if owner is not None and _meeting_id(body) in owner.events else None


def _meeting_id(body: Json) -> str:
    return str(body.get("recurringEventId") or body["id"])


def _guests(world: World, calendar: Calendar, body: Json | None) -> dict[str, Calendar]:
    """Primary calendars of the guests who are people here, the calendar's own excepted."""
    found: dict[str, Calendar] = {}
    for guest in (body or {}).get("attendees", ()):
        other = world.state.calendars.get(_email(guest))
        if other is not None and other.id != calendar.id:
            found[other.id] = other
    return found


def as_seen_by_guest(world: World, calendar: Calendar, current: Json, new: Json) -> Json:
    """What a guest's edit may become; 403 `forbiddenForNonOrganizer` if it touches what is shared.

    Of the guest list only the guest's own entry counts. The organizer's own edits pass
    unchanged.
    """
    owner = _organizer_calendar(world, calendar, current)
    if owner is None:
        return new
    touched = [key for key in SHARED if new.get(key) != current.get(key)]
    if touched and not current.get("guestsCanModify"):
        raise not_the_organizer()
    own = next((g for g in new.get("attendees", ()) if _email(g) == calendar.id), None)
    guests = [
        own if own is not None and _email(guest) == calendar.id else guest
        for guest in current.get("attendees", ())
    ]
    return new | ({"attendees": guests} if guests else {})


def spread(world: World, calendar: Calendar, new: Json, previous: Json | None) -> None:
    """Carry a new version to everybody concerned."""
    owner = _organizer_calendar(world, calendar, new)
    if owner is not None:
        _answer(world, calendar, owner, new)
        return
    if new.get("privateCopy") or new["organizer"]["email"] != calendar.id:
        return
    now, before = _guests(world, calendar, new), _guests(world, calendar, previous)
    for gone in before.keys() - now.keys():
        _withdraw(world, before[gone], new)
    for guest_calendar in now.values():
        _deliver(world, calendar, guest_calendar, new)


def retract(world: World, calendar: Calendar, body: Json) -> None:
    """After a deletion: the organizer's removes every copy, a guest's declines."""
    owner = _organizer_calendar(world, calendar, body)
    if owner is not None:
        declined = [
            guest | {"responseStatus": "declined"} if _email(guest) == calendar.id else guest
            for guest in body.get("attendees", ())
        ]
        _answer(world, calendar, owner, body | {"attendees": declined})
        return
    if body["organizer"]["email"] == calendar.id:
        for guest_calendar in _guests(world, calendar, body).values():
            _withdraw(world, guest_calendar, body)


def _deliver(world: World, calendar: Calendar, guest_calendar: Calendar, body: Json) -> None:
    existing = guest_calendar.events.get(body["id"])
    was_deleted = existing is not None and existing.cancelled
    if was_deleted and _declined(body, guest_calendar):
        # The guest threw the copy away; the meeting goes on without it.
        return
    previous = None if existing is None else existing.former or existing.body
    copy = _copy(world, guest_calendar, body, previous)
    if previous is not None and not was_deleted and _is_same(copy, previous):
        return
    if existing is not None:
        copy |= event_store.stamp(world, existing.body)
    event_store.write(world, guest_calendar, copy)
    if existing is None and "recurrence" in body:
        for instance_id in sorted(calendar.exceptions.get(body["id"], ())):
            _deliver_exception(world, guest_calendar, calendar.events[instance_id])


def _deliver_exception(world: World, guest_calendar: Calendar, record: EventRecord) -> None:
    body = record.body
    if record.cancelled:
        event_store.write(world, guest_calendar, event_store.stub(world, body))
    elif any(_email(guest) == guest_calendar.id for guest in body.get("attendees", ())):
        event_store.write(world, guest_calendar, _copy(world, guest_calendar, body, None))


def _declined(body: Json, guest_calendar: Calendar) -> bool:
    guests = body.get("attendees", ())
    own: Json = next((guest for guest in guests if _email(guest) == guest_calendar.id), {})
    return own.get("responseStatus") == "declined"


def _is_same(copy: Json, previous: Json) -> bool:
    keys = (copy.keys() | previous.keys()) - {"etag", "updated"}
    return all(copy.get(key) == previous.get(key) for key in keys)


def _copy(world: World, guest_calendar: Calendar, body: Json, previous: Json | None) -> Json:
    organizer = {key: value for key, value in body["organizer"].items() if key != "self"}
    creator = {"email": body["creator"]["email"]}
    if creator["email"] == guest_calendar.id:
        creator |= {"self": True}
    copy = {key: value for key, value in body.items() if key not in _OWN}
    shared = body.get("extendedProperties", {}).get("shared")
    private = (previous or {}).get("extendedProperties", {}).get("private")
    copy["extendedProperties"] = {
        name: group for name, group in (("private", private), ("shared", shared)) if group
    }
    if not copy["extendedProperties"]:
        del copy["extendedProperties"]
    own: Json = {"reminders": {"useDefault": True}, "transparency": body.get("transparency")}
    own |= {key: (previous or {}).get(key) for key in _OWN} if previous else {}
    copy |= {key: value for key, value in own.items() if value is not None}
    for key in ("start", "end", "originalStartTime"):
        if key in copy:
            copy[key] = parse(copy[key], guest_calendar.timezone).render(guest_calendar.timezone)
    copy["attendees"] = flagged(body.get("attendees", []), organizer["email"], guest_calendar.id)
    copy |= {"organizer": organizer, "creator": creator}
    copy["htmlLink"] = html_link(body["id"], guest_calendar.id)
    return copy | event_store.stamp(world, previous)


def _withdraw(world: World, guest_calendar: Calendar, body: Json) -> None:
    """Cancel a guest's copy, exceptions included."""
    for instance_id in sorted(guest_calendar.exceptions.get(body["id"], ())):
        _bury(world, guest_calendar, instance_id)
    if body["id"] in guest_calendar.events:
        _bury(world, guest_calendar, body["id"])
    elif body.get("recurringEventId") in guest_calendar.events:
        event_store.write(world, guest_calendar, event_store.stub(world, body))


def _bury(world: World, guest_calendar: Calendar, event_id: str) -> None:
    record = guest_calendar.events[event_id]
    if not record.cancelled:
        gone = event_store.stub(world, record.body)
        event_store.write(world, guest_calendar, gone, former=record.body)


def _answer(world: World, calendar: Calendar, owner: Calendar, copy: Json) -> None:
    """Write a guest's answer (and permitted edits) into the organizer's event."""
    record = owner.events.get(copy["id"])
    if record is not None and record.cancelled:
        return
    base = record.body if record is not None else _occurrence_of(owner, copy)
    own: Json = next((g for g in copy.get("attendees", ()) if _email(g) == calendar.id), {})
    answer = {key: own[key] for key in _ANSWER if key in own}
    guests = [
        guest | answer if _email(guest) == calendar.id else guest
        for guest in base.get("attendees", ())
    ]
    new = base | {"attendees": guests}
    if base.get("guestsCanModify"):
        new |= {key: copy[key] for key in SHARED if key in copy}
    if all(new.get(key) == base.get(key) for key in new):
        return
    new |= event_store.stamp(world, base)
    event_store.write(world, owner, new)
    spread(world, owner, new, base)


def _occurrence_of(owner: Calendar, copy: Json) -> Json:
    """The organizer's view of an occurrence that so far only the guest has touched."""
    places = ("id", "recurringEventId", "originalStartTime", "start", "end")
    own = {key: copy[key] for key in places}
    master = owner.events[copy["recurringEventId"]].body
    kept = {key: value for key, value in master.items() if key != "recurrence"}
    return kept | own
