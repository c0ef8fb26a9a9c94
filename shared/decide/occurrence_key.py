"""The key of an instance of a series."""

from datetime import UTC, date, datetime


def occurrence_key(original_start: date | datetime) -> str:
    """The original start as a UTC RECURRENCE-ID (RFC 5545 section 3.8.4.4), without separators.

    An aware instant gives `20261124T090000Z`, a date gives `20261124`.
    """
    if not isinstance(original_start, datetime):
        return _digits(original_start.isoformat())
    instant = original_start.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return _digits(instant.isoformat()) + "Z"


def _digits(iso: str) -> str:
    # strftime would not pad years before 1000.
    return iso.replace("-", "").replace(":", "")
