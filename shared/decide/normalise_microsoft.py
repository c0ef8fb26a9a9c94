"""Turns what Graph tells of an event or a series into events, a deletion or a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

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
    A deleted occurrence leaves nothing behind; one that was called off but is still shown is a
    cancelled exception. Takes any JSON object: what cannot be mirrored comes back as a Refusal
    with a reason, never as an exception. Source: Graph v1.0, resources/event.
    """
    calendar = _Calendar(calendar_zone, own_email, window)
    master = raw.get("master")
    if not isinstance(master, Mapping):
        return (_guarded(raw, partial(_plain, calendar=calendar)),)
    occurrences = [read_object(each) for each in read_list(raw.get("occurrences"))]
    exceptions = [read_object(each) for each in read_list(raw.get("exceptions"))]
    as_series = partial(_series, occurrences=occurrences, calendar=calendar)
    as_exception = partial(_exception, master=master, calendar=calendar)
    return (
        _guarded(master, as_series),
        *(_guarded(each, as_exception) for each in exceptions),
    )


def _guarded(raw: Raw, read: Callable[[Raw], Change]) -> Change:
    try:
        return read(raw)
    except CannotMirror as refused:
        named = (read_text(raw.get("id")) or "")[:256]
        return Refusal(named, refused.reason, refused.detail, _etag(raw))


def _plain(raw: Raw, calendar: _Calendar) -> Event | Deletion:
    if "@removed" in raw:
        return Deletion(_id(raw))
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
    if event.status is EventStatus.CANCELLED:
        shown = {}
    return replace(
        event,
        kind=EventKind.SERIES,
        time_zone=zone.key if zone else None,
        recurrence=read_microsoft_recurrence(master, zone),
        occurrences=tuple(each for each in shown.values() if overlaps(each.when, calendar.window)),
        is_whole=True,
        is_listed=True,
    )


def _exception(raw: Raw, master: Raw, calendar: _Calendar) -> Event:
    original = read_original_start(
        raw,
        read_text(master.get("originalStartTimeZone")),
        all_day=_is_all_day(master),
    )
    event = replace(
        _event(raw, calendar),
        kind=EventKind.EXCEPTION,
        # Graph gives every occurrence an iCalUId of its own; elsewhere a series has one.
        ical_uid=read_id(master.get("iCalUId"), "ical_uid"),
        series_event_id=_id(master),
        occurrence_key=occurrence_key(original),
    )
    if event.status is EventStatus.CANCELLED:
        return _called_off(event)
    return _happening(event, calendar.window)


def _called_off(event: Event) -> Event:
    """No more of it than of a cancelled instance elsewhere."""
    return Event(
        provider_event_id=event.provider_event_id,
        kind=EventKind.EXCEPTION,
        status=EventStatus.CANCELLED,
        etag=event.etag,
        series_event_id=event.series_event_id,
        occurrence_key=event.occurrence_key,
        provider_updated_at=event.provider_updated_at,
    )


def _event(raw: Raw, calendar: _Calendar) -> Event:
    when = read_microsoft_when(raw, all_day=_is_all_day(raw))
    zone = None if when.all_day else read_microsoft_zone(raw.get("originalStartTimeZone"))
    return Event(
        provider_event_id=_id(raw),
        kind=EventKind.SINGLE,
        status=_status(raw),
        etag=_etag(raw),
        ical_uid=read_id(raw.get("iCalUId"), "ical_uid"),
        when=when,
        time_zone=zone.key if zone else None,
        summary=read_text(raw.get("subject")),
        description=read_description(raw),
        location=read_location(raw),
        show_as=read_show_as(raw),
        visibility=read_visibility(raw),
        organizer=read_organizer(raw),
        attendees=read_attendees(raw, calendar.email),
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
    """The event with its one occurrence, if it takes place, in the window."""
    happens = event.status is not EventStatus.CANCELLED
    if event.when is None or not happens or not overlaps(event.when, window):
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


def _status(raw: Raw) -> EventStatus:
    """Tentative is what its organiser is not sure of; an unanswered invitation is not that."""
    if raw.get("isCancelled") is True:
        return EventStatus.CANCELLED
    unsure = read_show_as(raw) is ShowAs.TENTATIVE and is_own(raw)
    return EventStatus.TENTATIVE if unsure else EventStatus.CONFIRMED


def _id(raw: Raw) -> str:
    event_id = read_id(raw.get("id"), "id")
    if event_id is None:
        raise CannotMirror("missing_id", "The event has no id.")
    return event_id


def _etag(raw: Raw) -> str:
    return read_text(raw.get("@odata.etag")) or read_text(raw.get("changeKey")) or ""
