"""Somebody adds, moves, renames and cancels events. Seeded: a run can be repeated."""

import random
from datetime import datetime, timedelta

from .collection import Collection
from .diary import at, changed, monday_of, sample

TOPICS = ("Dinner", "Cinema", "Football", "Choir", "Shopping", "Parents' evening", "Allotment")
MOST_SAMPLES = 30
PREFIX = "sample-"
NOTHING = timedelta()


class Lively:
    """Edits the samples that it added itself; what else is in the calendar stays."""

    def __init__(self, collection: Collection, seed: int = 0) -> None:
        self._collection = collection
        self._rng = random.Random(seed)

    def edit_once(self, now: datetime) -> bool:
        """One edit; False if somebody else had just changed the same event."""
        samples = [name for name in self._collection.names() if name.startswith(PREFIX)]
        edit = self._rng.choice((self._move, self._rename, self._cancel))
        if len(samples) > MOST_SAMPLES:
            edit = self._cancel
        elif not samples or self._rng.random() < 0.4:
            return self._add(samples, now)
        return edit(self._rng.choice(samples))

    def _add(self, samples: list[str], now: datetime) -> bool:
        name = self._name()
        while f"{name}.ics" in samples:
            name = self._name()
        day = monday_of(now) + timedelta(days=self._rng.randint(7, 20))
        start = at(day, self._rng.choice((7.5, 12, 17, 18.5, 20)))
        length = timedelta(minutes=self._rng.choice((30, 60, 120)))
        return self._collection.put(f"{name}.ics", sample(name, self._title(), start, length))

    def _move(self, name: str) -> bool:
        return self._change(name, timedelta(minutes=self._rng.choice((-30, 30, 60))), None)

    def _rename(self, name: str) -> bool:
        return self._change(name, NOTHING, self._title())

    def _change(self, name: str, shift: timedelta, title: str | None) -> bool:
        text, etag = self._collection.read(name)
        return self._collection.put(name, changed(text, shift, title), etag)

    def _cancel(self, name: str) -> bool:
        _, etag = self._collection.read(name)
        return self._collection.delete(name, etag)

    def _name(self) -> str:
        return f"{PREFIX}{self._rng.getrandbits(40):010x}"

    def _title(self) -> str:
        return f"{self._rng.choice(TOPICS)} {self._rng.randint(1, 99)}"
