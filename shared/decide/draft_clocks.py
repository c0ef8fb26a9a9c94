"""On which clocks a draft's times are written."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shared.decide.zone import read_zone
from shared.model import Draft


def draft_zone(draft: Draft) -> ZoneInfo | None:
    """The zone that the draft asks for; None for UTC, for dates, and where it would be ambiguous.

    In the hour that comes twice when summer time ends, a local time without its offset names two
    instants; then the right instant matters more than the zone.
    """
    zone = read_zone(draft.time_zone)
    start, end = draft.when.start_at, draft.when.end_at
    if zone is None or zone.key == "UTC" or start is None or end is None:
        return None
    return zone if _is_told(start, zone) and _is_told(end, zone) else None


def _is_told(instant: datetime, zone: ZoneInfo) -> bool:
    wall = instant.astimezone(zone).replace(fold=0)
    return wall.astimezone(UTC) == instant
