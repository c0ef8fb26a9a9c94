"""Rows of the mirror back in our words, so that they can be compared with the provider's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from shared.model import Event, Occurrence

_EVENT = TypeAdapter(Event)
_OCCURRENCES = TypeAdapter(tuple[Occurrence, ...])
_TIMES = ("start_at", "end_at", "start_date", "end_date")


def event_from_row(row: Mapping[str, Any]) -> Event:
    """Gives the event of a `mirrored_events` row: columns of calendar_events and `occurrences`."""
    plain = {**row, "when": _when(row), "occurrences": ()}
    event = _EVENT.validate_python(plain)
    return _with_occurrences(event, row["occurrences"])


def _with_occurrences(event: Event, rows: list[Mapping[str, Any]]) -> Event:
    occurrences = _OCCURRENCES.validate_python(
        tuple({"key": row["key"], "when": _when(row)} for row in rows)
    )
    return replace(event, occurrences=occurrences)


def _when(row: Mapping[str, Any]) -> dict[str, Any] | None:
    times = {name: row[name] for name in _TIMES}
    return times if any(times.values()) else None
