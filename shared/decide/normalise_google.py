"""Turns a Google event resource into an event, a deletion or a refusal."""

import re
from collections.abc import Mapping
from dataclasses import replace

from shared.decide.cancelled_instance import cancelled_instance
from shared.decide.expand_recurrence import expand_recurrence
from shared.decide.google_fields import (
    read_attendees,
    read_conference_url,
    read_organizer,
    read_own_tag,
    read_self_response,
    read_show_as,
    read_visibility,
)
from shared.decide.google_time import (
    read_google_stamp,
    read_google_time,
    read_google_update,
    read_google_when,
)
from shared.decide.occurrence_key import occurrence_key
from shared.decide.overlap import overlaps
from shared.decide.read_json import CannotMirror, read_id, read_integer, read_object, read_text
from shared.decide.zone import read_zone
from shared.model import Change, Deletion, Event, Occurrence, Refusal, When, Window
from shared.states import EventKind, EventStatus

STATUSES = {each.value: each for each in EventStatus}

_KEY_IN_ID = re.compile(r".*_(\d{8}(?:T\d{6}Z)?)", re.ASCII | re.DOTALL)


def normalise_google(raw: Mapping[str, object], calendar_zone: str, window: Window) -> Change:
    """What an item of `events.list` (masters and exceptions, `singleEvents=false`) means.

    `calendar_zone` is the zone of the calendar, for events that name none of their own;
    `window` is the span whose occurrences are wanted. Takes any JSON object: what cannot be
    mirrored comes back as a Refusal with a reason, never as an exception.
    Source: calendar.v3 discovery document, schema Event.
    """
    try:
        return _change(raw, calendar_zone, window)
    except CannotMirror as refused:
        named = (read_text(raw.get("id")) or "")[:256]
        return Refusal(named, refused.reason, refused.detail, _etag(raw))


def _change(raw: Mapping[str, object], calendar_zone: str, window: Window) -> Event | Deletion:
    event_id = read_id(raw.get("id"), "id")
    if event_id is None:
        raise CannotMirror("missing_id", "The event has no id.")
    series_id = read_id(raw.get("recurringEventId"), "series_id")
    status = _status(raw)
    if status is EventStatus.CANCELLED:
        if series_id is None:
            return Deletion(event_id, read_google_update(raw))
        key = _original_key(raw, event_id, calendar_zone)
        return cancelled_instance(event_id, series_id, key, _etag(raw), read_google_update(raw))
    when = read_google_when(raw, calendar_zone)
    event = _single(raw, event_id, status, when)
    if series_id is not None:
        key = _original_key(raw, event_id, calendar_zone)
        return replace(
            event,
            kind=EventKind.EXCEPTION,
            series_event_id=series_id,
            occurrence_key=key,
            occurrences=_once(key, when, window),
        )
    recurrence = _recurrence(raw)
    if recurrence:
        return _series(event, when, recurrence, _zone_of_series(raw, when, calendar_zone), window)
    return replace(event, occurrences=_once("", when, window))


def _single(raw: Mapping[str, object], event_id: str, status: EventStatus, when: When) -> Event:
    zone = None if when.all_day else read_zone(_zone_name(raw))
    attendees = read_attendees(raw)
    return Event(
        provider_event_id=event_id,
        kind=EventKind.SINGLE,
        status=status,
        etag=_etag(raw),
        ical_uid=read_id(raw.get("iCalUID"), "ical_uid"),
        when=when,
        time_zone=zone.key if zone else None,
        summary=read_text(raw.get("summary")),
        description=read_text(raw.get("description")),
        location=read_text(raw.get("location")),
        show_as=read_show_as(raw, status),
        visibility=read_visibility(raw),
        event_type=read_text(raw.get("eventType")) or "default",
        organizer=read_organizer(raw) if attendees else None,
        attendees=attendees,
        self_response=read_self_response(raw),
        conference_url=read_conference_url(raw),
        html_link=read_text(raw.get("htmlLink")),
        sequence=read_integer(raw.get("sequence")),
        own_tag=read_own_tag(raw),
        provider_created_at=read_google_stamp(raw.get("created")),
        provider_updated_at=read_google_update(raw),
    )


def _series(
    event: Event, when: When, recurrence: tuple[str, ...], zone: str | None, window: Window
) -> Event:
    try:
        occurrences = expand_recurrence(when, zone, recurrence, window)
    except ValueError as error:
        raise CannotMirror(
            "bad_recurrence", f"The recurrence cannot be followed: {error}."
        ) from None
    return replace(
        event,
        kind=EventKind.SERIES,
        time_zone=zone,
        recurrence=recurrence,
        occurrences=occurrences,
    )


def _once(key: str, when: When, window: Window) -> tuple[Occurrence, ...]:
    return (Occurrence(key, when),) if overlaps(when, window) else ()


def _original_key(raw: Mapping[str, object], event_id: str, calendar_zone: str) -> str:
    original = read_google_time(raw.get("originalStartTime"), "original_start", calendar_zone)
    if original is not None:
        return occurrence_key(original)
    # Google ends the ids of instances with their original start.
    match = _KEY_IN_ID.fullmatch(event_id)
    if match is None:
        raise CannotMirror("missing_original_start", "The instance has no original start.")
    return match[1]


def _recurrence(raw: Mapping[str, object]) -> tuple[str, ...]:
    lines = raw.get("recurrence") or []
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise CannotMirror("bad_recurrence", "The recurrence is no list of texts.")
    return tuple(filter(None, map(read_text, lines)))


def _zone_of_series(raw: Mapping[str, object], when: When, calendar_zone: str) -> str | None:
    """The zone whose clocks a series follows. An all-day series follows none."""
    if when.all_day:
        return None
    zone = read_zone(_zone_name(raw) or calendar_zone)
    if zone is None:
        raise CannotMirror("unknown_time_zone", "The time zone of the series is unknown.")
    return zone.key


def _zone_name(raw: Mapping[str, object]) -> str | None:
    return read_text(read_object(raw.get("start")).get("timeZone"))


def _status(raw: Mapping[str, object]) -> EventStatus:
    status = STATUSES.get(read_text(raw.get("status")) or EventStatus.CONFIRMED.value)
    if status is None:
        raise CannotMirror("unknown_status", "The status is not one that Google documents.")
    return status


def _etag(raw: Mapping[str, object]) -> str:
    return read_text(raw.get("etag")) or ""
