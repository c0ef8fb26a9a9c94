"""The content of an appointment, field by field, as both sides keep it in step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

FIELDS = ("summary", "description", "location", "when", "show_as", "visibility")
"""What is merged as one value each; `when` is start, end and time zone together."""

_TIMES = ("start_at", "end_at", "start_date", "end_date", "time_zone")


@dataclass(frozen=True, slots=True)
class Times:
    """Start, end and zone as text: instants in UTC or dates, as `appointment_content` has them."""

    start_at: str | None = None
    end_at: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """One version of an appointment. Its values are compared and passed on, never computed with."""

    summary: str
    description: str | None
    location: str | None
    when: Times
    show_as: str
    visibility: str

    def with_values_of(self, other: "Content", fields: Iterable[str]) -> "Content":
        """Gives this version with the values that `other` has for `fields`."""
        return replace(self, **{field: getattr(other, field) for field in fields})


def content_from_row(row: Mapping[str, Any]) -> Content:
    """Gives the version that a jsonb value of the database holds."""
    times = Times(**{name: row[name] for name in _TIMES})
    plain = {name: row[name] for name in FIELDS if name != "when"}
    return Content(when=times, **plain)


def content_row(content: Content) -> dict[str, str | None]:
    """Gives a version as the database holds it."""
    plain = {name: getattr(content, name) for name in FIELDS if name != "when"}
    return plain | {name: getattr(content.when, name) for name in _TIMES}


def differing(one: Content, other: Content) -> frozenset[str]:
    """The fields in which two versions written here differ."""
    return frozenset(name for name in FIELDS if getattr(one, name) != getattr(other, name))


def differing_there(here: Content, there: Content) -> frozenset[str]:
    """The fields in which a version from the provider differs from one of ours, or of its own.

    Line ends, outer white space, empty text and a zone that one side does not tell are no
    difference: providers change these by themselves.
    """
    return frozenset(
        name for name in FIELDS if not _alike(getattr(here, name), getattr(there, name))
    )


def _alike(one: object, other: object) -> bool:
    if isinstance(one, Times) and isinstance(other, Times):
        return _same_times(one, other)
    return _text(one) == _text(other)


def _same_times(one: Times, other: Times) -> bool:
    untold = one.start_date is not None or None in (one.time_zone, other.time_zone)
    zone = None if untold else other.time_zone
    return replace(one, time_zone=zone if untold else one.time_zone) == replace(
        other, time_zone=zone
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
