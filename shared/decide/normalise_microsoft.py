"""Turns what Graph tells of an event or a series into events, a deletion or a refusal."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

from shared.decide.cancelled_instance import called_off, cancelled_instance
from shared.decide.global_object_id import canonical_ical_uid
from shared.decide.microsoft_cancelled import cancelled_occurrences
from shared.decide.microsoft_fields import (
    is_own,
    read_attendees,
    read_conference_url,
    read_description,
    read_location,
    read_organizer,
    read_own_tag,
    read_self_response,
    read_show_as,
    read_visibility,
)
from shared.decide.microsoft_recurrence import read_microsoft_recurrence
from shared.decide.microsoft_time import (
    read_microsoft_stamp,
    read_microsoft_when,
    read_microsoft_zone,
    read_original_start,
)
from shared.decide.occurrence_key import occurrence_key
from shared.decide.overlap import overlaps
from shared.decide.read_json import CannotMirror, read_id, read_list, read_object, read_text
from shared.model import Change, Deletion, Event, Occurrence, Refusal, Window
from shared.states import EventKind, EventStatus, ShowAs

Raw = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What an event does not say itself: its calendar's zone and owner, and the window wanted."""

    zone: str
    email: str
    window: Window


def normalise_microsoft(
    raw: Raw, calendar_zone: str, window: Window, own_email: str
) -> tuple[Change, ...]:
    """What an item of a calendarView/delta page means: one change, or those of one series.

    An item is a single event, a removal (`@removed`), or a whole series as
    `{"master": …, "occurrences": […], "exceptions": […]}`, whose occurrences Graph tells itself:
    those that touch `window` are kept. `calendar_zone` is for series whose own zone is unknown.
    An occurrence that was deleted, or called off and is still shown, is a cancelled exception;
    what was called off as a whole is refused. Takes any JSON object: what cannot be mirrored comes
    back as a Refusal with a reason, never as an exception. Source: Graph v1.0, resources/event.
    """
    calendar = _Calendar(calendar_zone, own_email, window)
    master = raw.get("master")
    if not isinstance(master, Mapping):
        return (_guarded(raw, partial(_plain, calendar=calendar)),)
    occurrences = [read_object(each) for each in read_list(raw.get("occurrences"))]
    exceptions = [read_object(each) for each in read_list(raw.get("exceptions"))]
    if _is_called_off(master):
        return (_guarded(master, _refused_as_called_off),)
    as_series = partial(_series, occurrences=occurrences, calendar=calendar)
    as_exception = partial(_exception, master=master, calendar=calendar)
    series = _guarded(master, as_series)
    changed = [_guarded(each, as_exception) for each in exceptions]
    return (series, *changed, *_cancelled(master, series, changed, calendar))


def _guarded(raw: Raw, read: Callable[[Raw], Change]) -> Change:
    try:
        return read(raw)
    except CannotMirror as refused:
        named = (read_text(raw.get("id")) or "")[:256]
        return Refusal(named, refused.reason, refused.detail, _etag(raw))


def _refused_as_called_off(raw: Raw) -> Refusal:
    reason = called_off()
    return Refusal(_id(raw), reason.reason, reason.detail, _etag(raw))


def _plain(raw: Raw, calendar: _Calendar) -> Change:
    if "@removed" in raw:
        return Deletion(_id(raw))
    if _is_called_off(raw):
        return _refused_as_called_off(raw)
    if raw.get("recurrence"):
        raise CannotMirror("series_without_occurrences", "The series came without occurrences.")
    if raw.get("seriesMasterId"):
        raise CannotMirror("occurrence_without_series", "The occurrence came without its series.")
    return _happening(_event(raw, calendar), calendar.window)


def _series(master: Raw, occurrences: list[Raw], calendar: _Calendar) -> Event:
    event, all_day = _event(master, calendar), _is_all_day(master)
    zone = None if all_day else _zone_of_series(master, calendar)
    # A repeated listing may name an occurrence twice.
    shown = {each.key: each for each in (_occurrence(raw, all_day) for raw in occurrences)}
    return replace(
        event,
        kind=EventKind.SERIES,
        time_zone=zone.key if zone else None,
        recurrence=read_microsoft_recurrence(master, zone),
        occurrences=tuple(each for each in shown.values() if overlaps(each.when, calendar.window)),
        is_whole=True,
        is_listed=True,
    )


def _cancelled(
    master: Raw, series: Change, changed: list[Change], calendar: _Calendar
) -> Iterator[Event]:
    if isinstance(series, Event):
        taken = {each.occurrence_key for each in changed if isinstance(each, Event)}
        taken |= {each.key for each in series.occurrences}
        zone = None if _is_all_day(master) else _zone_of_series(master, calendar)
        yield from cancelled_occurrences(master, series, zone, taken)


def _exception(raw: Raw, master: Raw, calendar: _Calendar) -> Event:
    original = read_original_start(
        raw,
        read_text(master.get("originalStartTimeZone")),
        all_day=_is_all_day(master),
    )
    key, event = occurrence_key(original), _event(raw, calendar)
    if _is_called_off(raw):
        updated = event.provider_updated_at
        return cancelled_instance(event.provider_event_id, _id(master), key, event.etag, updated)
    event = replace(
        event,
        kind=EventKind.EXCEPTION,
        ical_uid=_ical_uid(master),
        series_event_id=_id(master),
        occurrence_key=key,
    )
    return _happening(event, calendar.window)


def _event(raw: Raw, calendar: _Calendar) -> Event:
    when = read_microsoft_when(raw, all_day=_is_all_day(raw))
    zone = None if when.all_day else read_microsoft_zone(raw.get("originalStartTimeZone"))
    attendees = read_attendees(raw, calendar.email)
    return Event(
        provider_event_id=_id(raw),
        kind=EventKind.SINGLE,
        status=_status(raw),
        etag=_etag(raw),
        ical_uid=_ical_uid(raw),
        when=when,
        time_zone=zone.key if zone else None,
        summary=read_text(raw.get("subject")),
        description=read_description(raw),
        location=read_location(raw),
        show_as=read_show_as(raw),
        visibility=read_visibility(raw),
        organizer=read_organizer(raw) if attendees else None,
        attendees=attendees,
        self_response=read_self_response(raw),
        conference_url=read_conference_url(raw),
        html_link=read_text(raw.get("webLink")),
        own_tag=read_own_tag(raw),
        provider_created_at=read_microsoft_stamp(raw.get("createdDateTime")),
        provider_updated_at=read_microsoft_stamp(raw.get("lastModifiedDateTime")),
    )


def _occurrence(raw: Raw, all_day: bool) -> Occurrence:
    """A plain one begins when the pattern says; that it is all-day its series tells alone."""
    when = read_microsoft_when(raw, all_day=all_day)
    start = when.start_at or when.start_date
    assert start is not None  # of every When, one pair is set
    return Occurrence(occurrence_key(start), when)


def _happening(event: Event, window: Window) -> Event:
    """The event with its one occurrence, if that is in the window."""
    if event.when is None or not overlaps(event.when, window):
        return event
    return replace(event, occurrences=(Occurrence(event.occurrence_key, event.when),))


def _zone_of_series(master: Raw, calendar: _Calendar) -> ZoneInfo | None:
    """The zone whose clocks the series follows; the calendar's where Outlook made up its own."""
    span = read_object(read_object(master.get("recurrence")).get("range"))
    names = (
        master.get("originalStartTimeZone"),
        span.get("recurrenceTimeZone"),
        calendar.zone,
        "UTC",
    )
    return next(filter(None, map(read_microsoft_zone, names)), None)


def _is_all_day(raw: Raw) -> bool:
    return raw.get("isAllDay") is True


def _is_called_off(raw: Raw) -> bool:
    return raw.get("isCancelled") is True


def _status(raw: Raw) -> EventStatus:
    """Tentative is what its organiser is not sure of; an unanswered invitation is not that."""
    unsure = read_show_as(raw) is ShowAs.TENTATIVE and is_own(raw)
    return EventStatus.TENTATIVE if unsure else EventStatus.CONFIRMED


def _id(raw: Raw) -> str:
    event_id = read_id(raw.get("id"), "id")
    if event_id is None:
        raise CannotMirror("missing_id", "The event has no id.")
    return event_id


def _ical_uid(raw: Raw) -> str | None:
    """As other providers tell it: Graph gives every occurrence an iCalUId of its own."""
    stated = read_id(raw.get("iCalUId"), "ical_uid")
    return canonical_ical_uid(stated) if stated else None


def _etag(raw: Raw) -> str:
    return read_text(raw.get("@odata.etag")) or read_text(raw.get("changeKey")) or ""
