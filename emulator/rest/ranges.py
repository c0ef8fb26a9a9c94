"""Which rows of a result are asked for, and what Content-Range says of those that came."""

import re
from dataclasses import dataclass

from emulator.rest import errors

_HEADER = re.compile(r"([0-9]+)-([0-9]*)")


@dataclass(frozen=True)
class RowRange:
    """Rows `lower` to `upper`, both included and counted from 0; None: to the end."""

    lower: int = 0
    upper: int | None = None

    @property
    def limit(self) -> int | None:
        return None if self.upper is None else self.upper - self.lower + 1

    @property
    def empty(self) -> bool:
        return self.upper is not None and self.upper < self.lower

    def within(self, other: "RowRange") -> "RowRange":
        uppers = [upper for upper in (self.upper, other.upper) if upper is not None]
        return RowRange(max(self.lower, other.lower), min(uppers) if uppers else None)


NO_ROWS = RowRange(0, -1)


def requested(limit: str | None, offset: str | None, header: str | None) -> RowRange:
    """The rows asked for by `limit=`, `offset=` and, of a GET, the Range header together."""
    wanted = _of_parameters(_integer(limit), _integer(offset))
    if wanted == NO_ROWS:
        return NO_ROWS
    of_header = _of_header(header)
    both = of_header.within(wanted)
    if of_header.empty:
        raise errors.not_satisfiable(
            "The lower boundary must be lower than or equal to the upper boundary "
            "in the Range header."
        )
    if both.empty:
        raise errors.not_satisfiable("Limit should be greater than or equal to zero.")
    return both


def status_of(wanted: RowRange, rows: int, total: int | None) -> int:
    """206 when there is more than what came, 416 when nothing can be there."""
    if total is None:
        return 200
    if wanted.lower > total:
        raise errors.not_satisfiable(
            f"An offset of {wanted.lower} was requested, but there are only {total} rows."
        )
    return 206 if rows < total else 200


def content_range(lower: int, upper: int, total: int | None) -> str:
    some = total != 0 and lower <= upper
    return f"{f'{lower}-{upper}' if some else '*'}/{'*' if total is None else total}"


def _of_parameters(limit: int | None, offset: int | None) -> RowRange:
    lower = offset or 0
    return RowRange(lower, None if limit is None else lower + limit - 1)


def _of_header(header: str | None) -> RowRange:
    found = _HEADER.fullmatch(header or "")
    if found is None:
        return RowRange()
    return RowRange(int(found[1]), int(found[2]) if found[2] else None)


def _integer(text: str | None) -> int | None:
    """PostgREST ignores a limit or offset that is no number."""
    return int(text) if text and re.fullmatch(r"-?[0-9]+", text) else None
