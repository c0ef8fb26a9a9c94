"""The etags of the mirror, for providers whose cursor cannot be trusted."""

from collections.abc import Mapping
from uuid import UUID

from shared.steps.service import Service

PAGE = 1000


def mirrored_etags(service: Service, user_id: UUID, calendar_id: UUID) -> Mapping[str, str]:
    """Gives the etag of every mirrored event of a calendar, by provider event id."""
    where = {"user_id": user_id, "calendar_id": calendar_id}
    etags: dict[str, str] = {}
    after = None
    while rows := service.database.read(
        "mirrored_etags", where=where, after=after, order=("provider_event_id",), limit=PAGE
    ):
        etags |= {row["provider_event_id"]: row["etag"] for row in rows}
        after = {"provider_event_id": rows[-1]["provider_event_id"]}
    return etags
