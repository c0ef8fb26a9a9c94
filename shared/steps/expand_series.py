"""Expand series anew, from the mirror alone: no provider is asked."""

from uuid import UUID

from shared.db.rows import SeriesToExpand, decode
from shared.decide.expand_recurrence import expand_recurrence
from shared.model import Occurrence, When, Window
from shared.steps.service import Service

BATCH = 200


def expand_series(
    service: Service, user_id: UUID | None = None, calendar_id: UUID | None = None
) -> int:
    """Expands up to 200 series that do not reach the end of their window; gives how many."""
    asked = {"user_id": user_id, "calendar_id": calendar_id}
    where = {name: value for name, value in asked.items() if value is not None}
    rows = service.database.read("series_to_expand", where=where, limit=BATCH)
    for row in rows:
        _expand(service, decode(SeriesToExpand, row))
    return len(rows)


def _expand(service: Service, series: SeriesToExpand) -> None:
    first = When(series.start_at, series.end_at, series.start_date, series.end_date)
    window = Window(series.window_start, series.window_end)
    occurrences = expand_recurrence(first, series.time_zone, series.recurrence, window)
    service.database.call(
        "settle_expansion",
        user_id=series.user_id,
        event_id=series.event_id,
        content_hash=series.content_hash,
        expanded_until=series.window_end,
        occurrences=[_row(occurrence) for occurrence in occurrences],
    )


def _row(occurrence: Occurrence) -> dict[str, object]:
    when = occurrence.when
    return {
        "key": occurrence.key,
        "start_at": when.start_at,
        "end_at": when.end_at,
        "start_date": when.start_date,
        "end_date": when.end_date,
    }
