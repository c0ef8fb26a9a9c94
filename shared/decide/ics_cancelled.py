"""EXDATEs as cancelled instances."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from shared.decide.ics_time import Moment
from shared.decide.occurrence_key import occurrence_key
from shared.decide.recurrence_value import read_moment

_TIMES, _DATES = "EXDATE:", "EXDATE;VALUE=DATE:"


def split_excluded(
    recurrence: Sequence[str], start: Moment
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The recurrence without the EXDATEs that name one instance each, and the keys of all.

    `recurrence` is as `read_ics_recurrence` gives it, `start` that of the series. A mere date
    in a timed series excludes whatever happens on that day, so its line stays as well; its key
    is that of the instance at the time of day of the series.
    """
    exact = _TIMES if isinstance(start.value, datetime) else _DATES
    kept = tuple(line for line in recurrence if not line.startswith(exact))
    keys = (key for line in recurrence for key in _keys(line, exact, start))
    return kept, tuple(dict.fromkeys(keys))


def _keys(line: str, exact: str, start: Moment) -> Iterator[str]:
    if line.startswith(exact):
        yield from line.removeprefix(exact).split(",")
    elif line.startswith(_DATES):
        for value in line.removeprefix(_DATES).split(","):
            wall = datetime.combine(read_moment(value), start.wall.time())
            yield occurrence_key(wall.replace(tzinfo=start.zone or UTC))
