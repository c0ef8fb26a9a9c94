"""What CalSync writes of an event, as Graph takes it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.decide.draft_clocks import draft_zone
from shared.decide.matches_draft import same_text
from shared.decide.microsoft_fields import (
    OWN_PROPERTY,
    SHOWN_AS,
    read_description,
    read_location,
)
from shared.decide.microsoft_time import read_microsoft_when
from shared.decide.own_tag import is_block
from shared.decide.read_json import CannotMirror
from shared.decide.zone import read_zone
from shared.model import Draft, When
from shared.states import Visibility

UTC_NAME = "UTC"
SHOW_AS = {meaning: name for name, meaning in SHOWN_AS.items()}
SENSITIVITIES = {
    Visibility.DEFAULT: "normal",
    Visibility.PUBLIC: "normal",
    Visibility.PRIVATE: "private",
    Visibility.CONFIDENTIAL: "confidential",
}
# Windows' names are all that Graph promises to take (resources/datetimetimezone).
WINDOWS_NAMES = {
    zone.key: name for name in WINDOWS_TO_OLSON if (zone := read_zone(name)) is not None
}

Json = dict[str, object]


def draft_microsoft(draft: Draft, tag: str) -> Json:
    """The properties of an event for PATCH; nothing else of it changes.

    A busy block reminds nobody. Times are on the clocks of the draft's zone where Windows has a
    name for it, else in UTC: the instants are the same. Source: Graph v1.0, resources/event.
    """
    start, end = _times(draft)
    said: Json = {
        "subject": draft.summary,
        "body": {"contentType": "text", "content": draft.description or ""},
        "location": {"displayName": draft.location or ""},
        "isAllDay": draft.when.all_day,
        "start": start,
        "end": end,
        "showAs": SHOW_AS[draft.show_as],
        "sensitivity": SENSITIVITIES[draft.visibility],
        "singleValueExtendedProperties": [{"id": OWN_PROPERTY, "value": tag}],
    }
    return said | {"isReminderOn": False} if is_block(tag) else said


def patch_microsoft(draft: Draft, tag: str, held: Mapping[str, object]) -> Json:
    """The properties for PATCH of an event that Graph holds as `held`, without those it has.

    What Outlook made of an unchanged text stays: its HTML with the blob of an online meeting, the
    address of a place; and so do the exceptions of a series whose times are sent again.
    """
    said = draft_microsoft(draft, tag)
    for name in _same(draft, held):
        del said[name]
    return said


def new_microsoft(draft: Draft, tag: str) -> Json:
    """The event for POST: Graph makes one event of a `transactionId`, however often it comes."""
    return draft_microsoft(draft, tag) | {"transactionId": tag}


def _same(draft: Draft, held: Mapping[str, object]) -> Iterator[str]:
    if "body" in held and same_text(read_description(held), draft.description):
        yield "body"
    if "location" in held and same_text(read_location(held), draft.location):
        yield "location"
    try:
        when = read_microsoft_when(held, all_day=held.get("isAllDay") is True)
    except CannotMirror:
        return
    if when == draft.when:
        yield from ("isAllDay", "start", "end")


def _times(draft: Draft) -> tuple[Mapping[str, str], Mapping[str, str]]:
    when = draft.when
    if when.start_date is not None and when.end_date is not None:
        # From midnight to midnight of one zone; whose, does not matter: the days float.
        zone = read_zone(draft.time_zone)
        name = WINDOWS_NAMES.get(zone.key, UTC_NAME) if zone else UTC_NAME
        return _midnight(when.start_date, name), _midnight(when.end_date, name)
    return _walls(when, draft)


def _walls(when: When, draft: Draft) -> tuple[Mapping[str, str], Mapping[str, str]]:
    zone = draft_zone(draft)
    name = WINDOWS_NAMES.get(zone.key, UTC_NAME) if zone else UTC_NAME
    clocks = read_zone(name)
    start, end = (
        {"dateTime": moment.astimezone(clocks).replace(tzinfo=None).isoformat(), "timeZone": name}
        for moment in (when.start_at, when.end_at)
        if moment is not None
    )
    return start, end


def _midnight(day: date, zone: str) -> Mapping[str, str]:
    return {"dateTime": datetime.combine(day, time.min).isoformat(), "timeZone": zone}
