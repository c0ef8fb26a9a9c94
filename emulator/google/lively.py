"""People who keep editing their calendars, so that a demo lives. Seeded: a run can be repeated."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta

from . import event_service
from .errors import ApiError
from .event_service import Write
from .event_time import parse, span
from .json_types import Json
from .model import Calendar, Person
from .people import Diary, monday_of
from .world import World

TOPICS = ("Budget", "Roadmap", "Hiring", "Launch", "Design", "Support", "Research", "Planning")
KINDS = ("sync", "call", "workshop", "chat", "check-in")
MOST_EVENTS = 60


class Lively:
    """Every `pause_s` seconds somebody adds, moves, renames or cancels something."""

    def __init__(self, world: World, pause_s: float, seed: int = 0) -> None:
        self._world = world
        self._pause_s = pause_s
        self._rng = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lively", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the last edit is done."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            self.edit_once()

    def edit_once(self) -> None:
        """One edit by one person, if there is anybody."""
        with self._world.transaction():
            people = list(self._world.state.people.values())
            if not people:
                return
            person = self._rng.choice(people)
            calendars = [
                calendar
                for calendar in self._world.state.calendars.values()
                if calendar.owner == person.email
            ]
            calendar = self._rng.choice(calendars)
            edit = self._rng.choice((self._add, self._move, self._rename, self._cancel))
            self._try(edit, person, calendar)

    def _try(
        self, edit: Callable[[Write, list[Json]], None], person: Person, calendar: Calendar
    ) -> None:
        write = Write(self._world, calendar, person.email)
        coming = self._coming(calendar)
        if not coming:
            edit = self._add
        elif len(coming) > MOST_EVENTS:
            edit = self._cancel
        try:
            edit(write, coming)
        except ApiError:
            # Somebody else's meeting: people too are refused now and then, and let it be.
            return

    def _coming(self, calendar: Calendar) -> list[Json]:
        """Single timed events that have not begun, of which this calendar is the organizer."""
        now = self._world.clock.now()
        return [
            record.body
            for record in calendar.events.values()
            if not record.cancelled
            and "dateTime" in record.body.get("start", {})
            and "recurrence" not in record.body
            and record.body["organizer"].get("self")
            and span(record.body, calendar.timezone)[0] > now
        ]

    def _title(self) -> str:
        return f"{self._rng.choice(TOPICS)} {self._rng.choice(KINDS)}"

    def _add(self, write: Write, _: list[Json]) -> None:
        diary = Diary(write, monday_of(self._world, write.calendar.timezone))
        day, hour = self._rng.randint(7, 20), self._rng.choice((8, 10, 11.5, 13, 14.5, 16))
        diary.timed(day, hour, self._rng.choice((30, 45, 60)), self._title())

    def _move(self, write: Write, coming: list[Json]) -> None:
        event = self._rng.choice(coming)
        shift = timedelta(minutes=self._rng.choice((-30, 30, 60)))
        zone = write.calendar.timezone
        times = {
            name: parse(event[name], zone).shifted(parse(event[name], zone).wall() + shift)
            for name in ("start", "end")
        }
        body = {name: when.render(zone) for name, when in times.items()}
        event_service.patch(write, event["id"], body)

    def _rename(self, write: Write, coming: list[Json]) -> None:
        event = self._rng.choice(coming)
        event_service.patch(write, event["id"], {"summary": self._title()})

    def _cancel(self, write: Write, coming: list[Json]) -> None:
        event_service.delete(write, self._rng.choice(coming)["id"])
