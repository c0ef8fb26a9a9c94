"""What CalSync writes of an event, as Google takes it."""

from dataclasses import replace
from datetime import UTC, date, datetime

from shared.decide.google_fields import OWN_TAG
from shared.decide.matches_draft import matches_draft
from shared.decide.own_tag import event_key, is_block
from shared.decide.zone import read_zone
from shared.model import Draft, Event
from shared.states import EventKind, EventStatus, ShowAs

# Google knows time that is taken and time that is free, and by its status what is not certain.
# Out of office is a type of event that cannot be chosen afterwards; who works elsewhere is free
# for others, as Outlook has it.
SHOWN = {
    ShowAs.BUSY: ShowAs.BUSY,
    ShowAs.FREE: ShowAs.FREE,
    ShowAs.TENTATIVE: ShowAs.TENTATIVE,
    ShowAs.OUT_OF_OFFICE: ShowAs.BUSY,
    ShowAs.WORKING_ELSEWHERE: ShowAs.FREE,
}

Json = dict[str, object]


def draft_google(draft: Draft, tag: str) -> Json:
    """The whole event, for insert and update. A busy block reminds nobody.

    Source: calendar.v3 discovery document, schema Event; guides/extended-properties.
    """
    said = {name: value for name, value in _fields(draft, tag).items() if value is not None}
    whole: Json = {
        **said,
        "status": _status(draft),
        "start": _time(draft.when.start_date, draft.when.start_at, draft),
        "end": _time(draft.when.end_date, draft.when.end_at, draft),
    }
    return whole | {"reminders": {"useDefault": False}} if is_block(tag) else whole


def new_google(draft: Draft, tag: str) -> Json:
    """The event for insert: of an id there is one, however often it is sent."""
    return draft_google(draft, tag) | {"id": event_key(tag)}


def patch_google(draft: Draft, tag: str) -> Json:
    """What the draft says and nothing else, for patch: there a null takes a field away.

    Who is free is so whether or not an event is certain, so that its status stays.
    """
    either: Json = {"date": None, "dateTime": None, "timeZone": None}
    said = _fields(draft, tag) | {
        "start": either | _time(draft.when.start_date, draft.when.start_at, draft),
        "end": either | _time(draft.when.end_date, draft.when.end_at, draft),
    }
    return said if _is_free(draft) else said | {"status": _status(draft)}


def is_as_drafted(event: Event, draft: Draft, tag: str) -> bool:
    """Whether Google's event holds all of the draft that Google can hold, and is ours."""
    kept = replace(draft, show_as=SHOWN[draft.show_as])
    return (
        event.kind is EventKind.SINGLE
        and event.own_tag == tag
        and event.visibility is draft.visibility
        and matches_draft(event, kept)
    )


def _fields(draft: Draft, tag: str) -> Json:
    return {
        "summary": draft.summary,
        "description": draft.description or None,
        "location": draft.location or None,
        "transparency": "transparent" if _is_free(draft) else "opaque",
        "visibility": draft.visibility.value,
        "extendedProperties": {"private": {OWN_TAG: tag}},
    }


def _is_free(draft: Draft) -> bool:
    return SHOWN[draft.show_as] is ShowAs.FREE


def _status(draft: Draft) -> str:
    tentative = draft.show_as is ShowAs.TENTATIVE
    return (EventStatus.TENTATIVE if tentative else EventStatus.CONFIRMED).value


def _time(day: date | None, instant: datetime | None, draft: Draft) -> Json:
    """A date; or an instant, told in UTC, and the zone on whose clocks it is shown."""
    if instant is None:
        return {"date": day.isoformat() if day else None}
    zone = read_zone(draft.time_zone)
    told = instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return {"dateTime": f"{told}Z", "timeZone": zone.key if zone else "UTC"}
