"""Which occurrences of a series Graph calls cancelled."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from shared.decide.cancelled_instance import cancelled_instance
from shared.decide.occurrence_key import occurrence_key
from shared.decide.read_json import read_list
from shared.model import Event

_OCCURRENCE_ID = re.compile(r"OID\..{1,900}\.(\d{4}-\d\d-\d\d)", re.ASCII | re.DOTALL)


def cancelled_occurrences(
    master: Mapping[str, object], series: Event, zone: ZoneInfo | None, taken: Collection[str]
) -> Iterator[Event]:
    """The cancelled instances that `cancelledOccurrences` of a series master names.

    An occurrence id ends with the day that the pattern gives the occurrence, on the clocks of
    `zone` (None in an all-day series); its time of day is that of the series. What is listed all
    the same, under one of the keys `taken`, takes place. Source: Graph v1.0, resources/event.
    """
    for name in read_list(master.get("cancelledOccurrences")):
        found = _OCCURRENCE_ID.fullmatch(name) if isinstance(name, str) else None
        key = _key(found[1], series, zone) if found else None
        if found and key and key not in taken:
            yield cancelled_instance(found[0], series.provider_event_id, key, series.etag)


def _key(day: str, series: Event, zone: ZoneInfo | None) -> str | None:
    """The key of the occurrence of that day; None for a day that no calendar has."""
    try:
        original = date.fromisoformat(day)
        begin = series.when.start_at if series.when else None
        if begin is None:
            return occurrence_key(original)
        clocks = zone or UTC
        return occurrence_key(datetime.combine(original, begin.astimezone(clocks).time(), clocks))
    except (ValueError, OverflowError):
        return None
