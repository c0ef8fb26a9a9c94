"""The state of an emulator, and the transaction every change happens in."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from flask import Request

from .clock import EmulatorClock, epoch_ms
from .counters import Counters
from .faults import REQUEST_KINDS, Fault, FaultBook, Target
from .json_types import Json
from .settings import Settings
from .tokens import Client

SettingsT = TypeVar("SettingsT", bound=Settings)


@dataclass
class BaseState(Generic[SettingsT]):
    """What `reset` throws away in every emulator."""

    settings: SettingsT
    seed: int = 0
    faults: FaultBook = field(default_factory=FaultBook)
    counters: Counters = field(default_factory=Counters)


StateT = TypeVar("StateT", bound=BaseState[Any])


class BaseWorld(ABC, Generic[StateT]):
    """State and clock; `transaction` guards both."""

    state: StateT

    def __init__(self, clients: tuple[Client, ...]) -> None:
        self.lock = threading.RLock()
        self.clock = EmulatorClock()
        self.clients = {client.client_id: client for client in clients}
        self.on_change: Callable[[], None] = _nothing_to_save
        self._depth = 0
        self.state = self._fresh(0)

    @abstractmethod
    def _fresh(self, seed: int) -> StateT:
        """An empty state with the settings and clients of the start."""

    @abstractmethod
    def _announce(self) -> None:
        """Tell whoever listens about the changes of this transaction, and forget them."""

    @abstractmethod
    def _forget(self) -> None:
        """Drop the changes of this transaction, and the notifications not sent yet."""

    def reset(self, seed: int = 0) -> None:
        """An empty world: no people, default settings, real time."""
        with self.transaction():
            self._forget()
            self.clock.set(None)
            self.state = self._fresh(seed)

    @contextmanager
    def transaction(self, *, changes: bool = True) -> Iterator[None]:
        """Hold the lock; at the end of the outermost one, announce what changed.

        `changes=False` says that nothing worth saving can change.
        """
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._announce()
                    if changes:
                        self.on_change()

    def now_ms(self) -> int:
        """The emulated moment in Unix milliseconds."""
        return epoch_ms(self.clock.now())

    def in_seconds_ms(self, seconds: float) -> int:
        """Unix milliseconds that many emulated seconds from now."""
        return epoch_ms(self.clock.now() + timedelta(seconds=seconds))

    def faults_of(
        self, request: Request, method: str = "", user: str = "", calendar: str = ""
    ) -> tuple[Fault, ...]:
        """The faults that strike this request; each one's count goes down."""
        target = Target(method, request.method, request.path, user, calendar)
        with self.lock:
            return self.state.faults.take(REQUEST_KINDS, target)

    def counted(self) -> Json:
        """The counters, for the control API."""
        return self.state.counters.as_json()

    def forget_counts(self) -> None:
        """Every counter back to zero."""
        self.state.counters.reset()


def _nothing_to_save() -> None:
    """Until there is a data file."""
