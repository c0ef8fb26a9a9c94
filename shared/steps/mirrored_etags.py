"""The etags and series of the mirror, for providers whose cursor does not tell all."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from shared.steps.service import Service

PAGE = 1000


def mirrored_etags(service: Service, user_id: UUID, calendar_id: UUID) -> Mapping[str, str]:
    """Gives the etag of every mirrored event of a calendar, by provider event id."""
    rows = _rows(service, {"user_id": user_id, "calendar_id": calendar_id})
    return {row["provider_event_id"]: row["etag"] for row in rows}


def mirrored_series(service: Service, user_id: UUID, calendar_id: UUID) -> Collection[str]:
    """Gives the provider event ids of the series of a calendar."""
    where = {"user_id": user_id, "calendar_id": calendar_id, "kind": "series"}
    return frozenset(row["provider_event_id"] for row in _rows(service, where))


def _rows(service: Service, where: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    after = None
    while rows := service.database.read(
        "mirrored_etags", where=where, after=after, order=("provider_event_id",), limit=PAGE
    ):
        yield from rows
        after = {"provider_event_id": rows[-1]["provider_event_id"]}
