"""What a window shows: single events, and the occurrences and exceptions of series."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from .model import Item
from .recurrence import Series, series
from .zones import to_wall

MARGIN = timedelta(days=2)


@dataclass(frozen=True)
class Window:
    """From `start` to `end`, both in UTC, `end` excluded."""

    start: datetime
    end: datetime

    def shows(self, item: Item) -> bool:
        """Whether an event touches this window."""
        begin, end = item.span()
        return begin < self.end and (end > self.start or begin == end >= self.start)


@dataclass(frozen=True)
class Shown:
    """An event as a client sees it.

    `item` holds times and fields, `owner` the item whose key the id carries (the master of an
    occurrence), `day` the date that the pattern gives this occurrence.
    """

    item: Item
    owner: Item
    kind: str
    day: str | None = None

    @property
    def original(self) -> datetime | None:
        """When the pattern would have this occurrence begin, in UTC."""
        if self.day is None:
            return None
        start = datetime.combine(datetime.fromisoformat(self.day), self.owner.start.time())
        return replace(self.owner, start=start).span()[0]


def series_of(item: Item) -> Series:
    """The pattern of a series master."""
    assert item.recurrence is not None
    return series(item.recurrence, item.start)


def itself(item: Item) -> Shown:
    """A single event, or the master of a series."""
    return Shown(item, item, "seriesMaster" if item.is_series else "singleInstance")


def occurrence(master: Item, day: str) -> Shown | None:
    """One occurrence or exception; None if the series has none on that day."""
    exception = master.exceptions.get(day)
    if exception is not None:
        return Shown(exception, master, "exception", day)
    wall = datetime.combine(datetime.fromisoformat(day), master.start.time())
    if day in master.removed or not series_of(master).has(wall):
        return None
    return _plain(master, wall)


def in_window(item: Item, window: Window) -> Iterator[Shown]:
    """What a calendar view shows of this item: never the master itself."""
    if not item.is_series:
        if window.shows(item):
            yield itself(item)
        return
    for day, exception in item.exceptions.items():
        if window.shows(exception):
            yield Shown(exception, item, "exception", day)
    yield from _plain_in(item, window)


def _plain_in(master: Item, window: Window) -> Iterator[Shown]:
    hidden = {*master.exceptions, *master.removed}
    for wall in series_of(master).walls(_from(master, window)):
        shown = _plain(master, wall)
        if shown.item.span()[0] >= window.end:
            return
        if shown.day not in hidden and window.shows(shown.item):
            yield shown


def _from(master: Item, window: Window) -> datetime:
    start = max(window.start, datetime.min.replace(tzinfo=UTC) + MARGIN + master.length)
    return to_wall(start - MARGIN - master.length, "UTC" if master.all_day else master.zone)


def _plain(master: Item, wall: datetime) -> Shown:
    item = replace(master, start=wall, end=wall + master.length)
    return Shown(item, master, "occurrence", wall.date().isoformat())


def midnight(moment: datetime) -> bool:
    """Whether this wall time begins a day."""
    return moment.time() == time()
