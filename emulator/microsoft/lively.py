"""People who keep editing their calendars, so that a demo lives. Seeded: a run can be repeated."""

import random
import threading
from datetime import timedelta

from . import event_write
from .demo import Diary, diary_of
from .expansion import itself
from .model import Item
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
            calendars = list(self._world.store.calendars.values())
            if not calendars:
                return
            calendar = self._rng.choice(calendars)
            person = self._world.store.people[calendar.owner]
            diary = diary_of(self._world, person, calendar)
            coming = self._coming(list(calendar.items.values()))
            edit = self._rng.choice((self._add, self._move, self._rename, self._cancel))
            if not coming:
                edit = self._add
            elif len(coming) > MOST_EVENTS:
                edit = self._cancel
            edit(diary, coming)

    def _coming(self, items: list[Item]) -> list[Item]:
        """Single timed events that have not begun."""
        now = self._world.clock.now()
        return [
            item
            for item in items
            if not item.is_series and not item.all_day and item.span()[0] > now
        ]

    def _title(self) -> str:
        return f"{self._rng.choice(TOPICS)} {self._rng.choice(KINDS)}"

    def _add(self, diary: Diary, _: list[Item]) -> None:
        day, hour = self._rng.randint(7, 20), self._rng.choice((8, 10, 11.5, 13, 14.5, 16))
        diary.timed(day, hour, self._rng.choice((30, 45, 60)), self._title())

    def _move(self, diary: Diary, coming: list[Item]) -> None:
        item = self._rng.choice(coming)
        shift = timedelta(minutes=self._rng.choice((-30, 30, 60)))
        event_write.patch(
            diary.write, itself(item), diary.times(item.start + shift, item.end + shift)
        )

    def _rename(self, diary: Diary, coming: list[Item]) -> None:
        item = self._rng.choice(coming)
        event_write.patch(diary.write, itself(item), {"subject": self._title()})

    def _cancel(self, diary: Diary, coming: list[Item]) -> None:
        event_write.delete(diary.write, itself(self._rng.choice(coming)))
