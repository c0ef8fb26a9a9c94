"""What does not take place: the same to the mirror whoever tells of it."""

from datetime import datetime

from shared.decide.read_json import CannotMirror
from shared.model import Event
from shared.states import EventKind, EventStatus


def called_off() -> CannotMirror:
    """Why an event or a series that is still shown, though it was called off, has no row.

    At Google it is gone at once, so elsewhere it is no more than parked.
    """
    return CannotMirror("called_off", "The event was called off.")


def cancelled_instance(
    provider_event_id: str,
    series_event_id: str,
    occurrence_key: str,
    etag: str,
    provider_updated_at: datetime | None = None,
) -> Event:
    """An exception without times, and no more than every provider tells of it.

    Google guarantees nothing else of a cancelled instance, an EXDATE and Graph's
    `cancelledOccurrences` say nothing else: with more, the same instance would differ.
    """
    return Event(
        provider_event_id=provider_event_id,
        kind=EventKind.EXCEPTION,
        status=EventStatus.CANCELLED,
        etag=etag,
        series_event_id=series_event_id,
        occurrence_key=occurrence_key,
        provider_updated_at=provider_updated_at,
    )
