"""Rounds of calendarView/delta: what a cursor remembers, and how rows become items of a page."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared.decide.microsoft_fields import OWN_PROPERTY
from shared.errors import ResyncFully
from shared.model import Page, Window
from shared.providers import microsoft_errors
from shared.providers.base import Pull
from shared.providers.microsoft_batch import Json
from shared.providers.microsoft_graph import Graph, rows

# Graph refuses calendar views of more than 1825 days.
LONGEST_VIEW = timedelta(days=1825)

# All that is read of a master: `cancelledOccurrences` is told only where it is asked for by name.
MASTER_FIELDS = (
    *("id", "changeKey", "iCalUId", "type", "recurrence", "cancelledOccurrences"),
    *("subject", "body", "location", "webLink", "onlineMeeting", "onlineMeetingUrl"),
    *("start", "end", "isAllDay", "originalStartTimeZone"),
    *("showAs", "sensitivity", "isCancelled", "transactionId"),
    *("organizer", "isOrganizer", "attendees", "responseStatus"),
    *("createdDateTime", "lastModifiedDateTime"),
)

READING = "calendarView/delta"
MASTERS = "series masters"
INSTANCES = "instances"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a round stands: a link, and the window that its token holds (it never slides)."""

    link: str
    window: Window

    def written(self) -> str:
        """The position as a cursor or page."""
        start, end = self.window.start.isoformat(), self.window.end.isoformat()
        return json.dumps({"link": self.link, "start": start, "end": end})


def read_position(text: str) -> Position:
    """A position back from its text. Raises `ResyncFully` for any other text."""
    try:
        held = json.loads(text)
        window = Window(datetime.fromisoformat(held["start"]), datetime.fromisoformat(held["end"]))
        return Position(str(held["link"]), window)
    except (ValueError, TypeError, KeyError):
        raise ResyncFully("The cursor is not one of ours.", code="cursor_unreadable") from None


class Round:
    """One round of a calendar, from a cursor, a page in the middle, or from scratch.

    A window that slid beyond that of the cursor takes a round from scratch: it lists all that the
    new window holds, and the mirror drops what is not listed.
    """

    def __init__(self, graph: Graph, pull: Pull) -> None:
        self._graph = graph
        self._pull = pull
        self._events = f"/me/calendars/{quote(pull.provider_calendar_id, safe='')}"
        self._from_scratch, self._link, self._window = self._start()
        self._met: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """Yields the pages. Raises `ResyncFully` when the cursor or a page died."""
        while True:
            answer = self._answer()
            following = answer.get("@odata.nextLink")
            link = following or answer.get("@odata.deltaLink")
            if not isinstance(link, str):
                raise microsoft_errors.unexpected_answer(READING)
            position = Position(link, self._window).written()
            yield Page(
                items=tuple(self._items(rows(answer, READING))),
                next_page=position if following else None,
                cursor=None if following else position,
                listed=self._window if self._from_scratch else None,
            )
            self._link = link
            if not following:
                return

    def _start(self) -> tuple[bool, str | None, Window]:
        wanted = _viewable(self._pull.window)
        if self._pull.page is not None:
            page = read_position(self._pull.page)
            return True, page.link, page.window
        if self._pull.cursor is not None:
            cursor = read_position(self._pull.cursor)
            if cursor.window.start <= wanted.start and wanted.end <= cursor.window.end:
                return False, cursor.link, cursor.window
        return True, None, wanted

    def _answer(self) -> Json:
        if self._link is not None:
            return self._graph.follow(self._link, READING)
        return self._graph.get(f"{self._events}/calendarView/delta?{_span(self._window)}", READING)

    def _items(self, page: Sequence[Json]) -> list[Json]:
        """The items of a page: single events, removals, and series with all that belongs to them.

        An item may repeat; the last one counts. Masters are read anew with each change of their
        series: delta tells no more of an occurrence than its times.
        """
        latest = {str(row.get("id")): row for row in page}
        gone = [row for row in latest.values() if "@removed" in row]
        series: dict[str, list[Json]] = {}
        singles: list[Json] = []
        for row in latest.values():
            if "@removed" in row:
                continue
            master = _master_of(row)
            if master is None:
                singles.append(row)
            else:
                series.setdefault(master, []).append(row)
        return [*singles, *self._series(series), *gone, *self._vanished(gone, series)]

    def _series(self, found: Mapping[str, list[Json]]) -> Iterator[Json]:
        """Graph sends a series whole, on one page. One that comes in parts is listed instead."""
        masters = self._graph.get_each([self._event(each) for each in found], MASTERS)
        for (master_id, members), master in zip(found.items(), masters, strict=True):
            if master is None:
                continue  # deleted meanwhile: the next round tells
            shown = [row for row in members if row.get("id") != master_id]
            if not shown or master_id in self._met:
                shown = list(self._graph.every(self._instances(master_id), INSTANCES))
            self._met.add(master_id)
            yield {
                "master": master,
                "occurrences": [row for row in shown if row.get("type") != "exception"],
                "exceptions": [row for row in shown if row.get("type") == "exception"],
            }

    def _vanished(self, gone: Sequence[Json], present: Collection[str]) -> Iterator[Json]:
        """Removals of series of which Graph names only occurrences, which nobody knows by id.

        A removal of an unknown id may also be about an event outside the window; so the series of
        the mirror are asked whether they still have anything to show.
        """
        if self._from_scratch or not gone:
            return
        removed = {str(row.get("id")) for row in gone}
        if removed <= self._pull.mirrored().keys():
            return
        doubtful = sorted({*self._pull.series()} - removed - {*present})
        paths = [self._instances(each) + "&$top=1&$select=id" for each in doubtful]
        answers = self._graph.get_each(paths, INSTANCES)
        for master_id, answer in zip(doubtful, answers, strict=True):
            if answer is None or not rows(answer, INSTANCES):
                yield {"id": master_id, "@removed": {"reason": "deleted"}}

    def _event(self, event_id: str) -> str:
        extended = quote(f"singleValueExtendedProperties($filter=id eq '{OWN_PROPERTY}')")
        wanted = f"$select={','.join(MASTER_FIELDS)}&$expand={extended}"
        return f"{self._events}/events/{quote(event_id, safe='')}?{wanted}"

    def _instances(self, master_id: str) -> str:
        return f"{self._events}/events/{quote(master_id, safe='')}/instances?{_span(self._window)}"


def _master_of(row: Mapping[str, Any]) -> str | None:
    if row.get("type") == "seriesMaster":
        return str(row["id"])
    master = row.get("seriesMasterId")
    return master if isinstance(master, str) and master else None


def _viewable(window: Window) -> Window:
    return Window(window.start, min(window.end, window.start + LONGEST_VIEW))


def _span(window: Window) -> str:
    start, end = (
        at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (window.start, window.end)
    )
    return f"startDateTime={start}&endDateTime={end}"
