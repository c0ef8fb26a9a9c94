"""An event as the JSON that SQL stores, and the hashes that tell whether it changed."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256

from shared.model import Attendee, Event, Occurrence, Organizer, When

# What changes without a person having changed anything: bookkeeping of the provider and of ours.
BOOKKEEPING = frozenset(
    {"etag", "sequence", "html_link", "provider_created_at", "provider_updated_at"}
)


def event_row(event: Event) -> dict[str, object]:
    """The event as JSON-ready values under the column names of `calendar_events`.

    Instants are ISO 8601 in UTC with microseconds and Z, dates are ISO. Beside the columns stands
    `occurrences`: a list of `{key, start_at, end_at, start_date, end_date}`, and `is_whole`
    and `is_listed`.
    """
    columns = _columns(event)
    return {
        **columns,
        "content_hash": _content_hash(event, columns),
        "occurrences": [_occurrence_row(occurrence) for occurrence in event.occurrences],
        "is_whole": event.is_whole,
        "is_listed": event.is_listed,
    }


def content_hash(event: Event) -> str:
    """SHA-256 in hex over what a person would call the content of the event.

    Equal for an unchanged event whenever it is read and however the provider orders its
    attendees and recurrence lines. Occurrences are left out: they change with the window.
    """
    return _content_hash(event, _columns(event))


def _content_hash(event: Event, columns: Mapping[str, object]) -> str:
    content = {name: value for name, value in columns.items() if name not in BOOKKEEPING}
    content["attendees"] = sorted(_canonical(_attendee_row(each)) for each in event.attendees)
    content["recurrence"] = sorted(event.recurrence)
    return _digest(content)


def occurrence_hash(occurrences: Iterable[Occurrence]) -> str:
    """SHA-256 in hex over keys and times, whatever their order."""
    return _digest(sorted(_canonical(_occurrence_row(each)) for each in occurrences))


def _columns(event: Event) -> dict[str, object]:
    return {
        "provider_event_id": event.provider_event_id,
        "kind": event.kind.value,
        "status": event.status.value,
        "etag": event.etag,
        "ical_uid": event.ical_uid,
        "series_event_id": event.series_event_id,
        "occurrence_key": event.occurrence_key,
        **_when_row(event.when or When()),
        "time_zone": event.time_zone,
        "summary": event.summary,
        "description": event.description,
        "location": event.location,
        "show_as": event.show_as.value,
        "visibility": event.visibility.value,
        "event_type": event.event_type,
        "organizer": _organizer_row(event.organizer) if event.organizer else None,
        "attendees": [_attendee_row(attendee) for attendee in event.attendees],
        "self_response": event.self_response.value if event.self_response else None,
        "recurrence": list(event.recurrence),
        "conference_url": event.conference_url,
        "html_link": event.html_link,
        "sequence": event.sequence,
        "own_tag": event.own_tag,
        "provider_created_at": _instant(event.provider_created_at),
        "provider_updated_at": _instant(event.provider_updated_at),
    }


def _when_row(when: When) -> dict[str, object]:
    return {
        "start_at": _instant(when.start_at),
        "end_at": _instant(when.end_at),
        "start_date": _day(when.start_date),
        "end_date": _day(when.end_date),
    }


def _occurrence_row(occurrence: Occurrence) -> dict[str, object]:
    return {"key": occurrence.key, **_when_row(occurrence.when)}


def _organizer_row(organizer: Organizer) -> dict[str, object]:
    return {"email": organizer.email, "name": organizer.name, "is_self": organizer.is_self}


def _attendee_row(attendee: Attendee) -> dict[str, object]:
    return {
        "email": attendee.email,
        "name": attendee.name,
        "response": attendee.response.value,
        "optional": attendee.optional,
        "resource": attendee.resource,
        "is_self": attendee.is_self,
    }


def _instant(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(value: object) -> str:
    return sha256(_canonical(value).encode("ascii")).hexdigest()
