"""People who keep editing their calendars, so that a demo lives. Seeded: a run can be repeated."""

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from .world import BaseWorld

TOPICS = ("Budget", "Roadmap", "Hiring", "Launch", "Design", "Support", "Research", "Planning")
KINDS = ("sync", "call", "workshop", "chat", "check-in")
MOST_EVENTS = 60


class Diary(Protocol):
    """Writes events into one calendar, relative to the Monday of this week."""

    def timed(self, day: int, hour: float, minutes: int, title: str, /) -> object:
        """An event `day` days after Monday at a local hour."""


WorldT = TypeVar("WorldT", bound=BaseWorld[Any])
DiaryT = TypeVar("DiaryT", bound=Diary)
Event = TypeVar("Event")
Edit = Callable[[DiaryT, list[Event]], None]


class Lively(ABC, Generic[WorldT, DiaryT, Event]):
    """Every `pause_s` seconds somebody adds, moves, renames or cancels something."""

    def __init__(self, world: WorldT, pause_s: float, seed: int = 0) -> None:
        self.world = world
        self.rng = random.Random(seed)
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lively", daemon=True)

    @abstractmethod
    def open_diary(self) -> tuple[DiaryT, list[Event]] | None:
        """Somebody's calendar and the single timed events in it that have not begun.

        None if there is nobody.
        """

    @abstractmethod
    def move(self, diary: DiaryT, event: Event, shift: timedelta) -> None:
        """The event takes place that much later."""

    @abstractmethod
    def rename(self, diary: DiaryT, event: Event, title: str) -> None:
        """The event gets another title."""

    @abstractmethod
    def cancel(self, diary: DiaryT, event: Event) -> None:
        """The event is deleted."""

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
        with self.world.transaction():
            opened = self.open_diary()
            if opened is None:
                return
            diary, coming = opened
            self._chosen(len(coming))(diary, coming)

    def _chosen(self, coming: int) -> Edit[DiaryT, Event]:
        edit = self.rng.choice((self._add, self._move, self._rename, self._cancel))
        if not coming:
            return self._add
        return self._cancel if coming > MOST_EVENTS else edit

    def _title(self) -> str:
        return f"{self.rng.choice(TOPICS)} {self.rng.choice(KINDS)}"

    def _add(self, diary: DiaryT, _: list[Event]) -> None:
        day, hour = self.rng.randint(7, 20), self.rng.choice((8, 10, 11.5, 13, 14.5, 16))
        diary.timed(day, hour, self.rng.choice((30, 45, 60)), self._title())

    def _move(self, diary: DiaryT, coming: list[Event]) -> None:
        event = self.rng.choice(coming)
        self.move(diary, event, timedelta(minutes=self.rng.choice((-30, 30, 60))))

    def _rename(self, diary: DiaryT, coming: list[Event]) -> None:
        event = self.rng.choice(coming)
        self.rename(diary, event, self._title())

    def _cancel(self, diary: DiaryT, coming: list[Event]) -> None:
        self.cancel(diary, self.rng.choice(coming))
