"""The whole state of the emulator, and the transaction every change happens in."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from .clock import EmulatorClock, epoch_ms
from .counters import Counters
from .faults import FaultBook
from .json_types import Json
from .model import Calendar, Channel, Person
from .quotas import Quotas
from .sender import Delivery, Sender
from .settings import Settings
from .tokens import Client, TokenStore

DEFAULT_CLIENT = Client(
    "100000000001-calsync.apps.googleusercontent.com", "calsync-emulator-secret"
)


@dataclass
class State:
    """Everything that `reset` throws away."""

    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    people: dict[str, Person] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    channels: dict[tuple[str, str], Channel] = field(default_factory=dict)
    faults: FaultBook = field(default_factory=FaultBook)
    counters: Counters = field(default_factory=Counters)
    quotas: Quotas = field(default_factory=Quotas)
    imports: list[Json] = field(default_factory=list)
    secret: bytes = b""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        # Access tokens and message gaps must not repeat those of a world before a reset.
        self.tokens = TokenStore(random.Random())
        if not self.secret:
            self.secret = self.tokens.rng.randbytes(16)


class World:
    """State, clock and sender; `transaction` guards all of them."""

    def __init__(self, base: Settings | None = None, clients: tuple[Client, ...] = ()) -> None:
        self.lock = threading.RLock()
        self.clock = EmulatorClock()
        self.base_settings = base or Settings()
        self.clients = clients or (DEFAULT_CLIENT,)
        self.on_change: Callable[[], None] = _nothing_to_save
        self._touched: dict[str, str] = {}
        self._depth = 0
        self._announce: Callable[[World, str, str], None] = _nobody_listens
        self.state = self._fresh(0)
        self.sender = Sender(self._still_wanted, self._report)

    def _fresh(self, seed: int) -> State:
        state = State(seed=seed, settings=self.base_settings)
        state.tokens.clients = {client.client_id: client for client in self.clients}
        return state

    def reset(self, seed: int = 0) -> None:
        """An empty world: no people, default settings, real time."""
        with self.transaction():
            self.sender.clear()
            self.clock.set(None)
            self.state = self._fresh(seed)
            self._touched.clear()

    def listen(self, announce: Callable[["World", str, str], None]) -> None:
        """Name who is told about touched resources: `(world, resource, event type)`."""
        self._announce = announce

    @contextmanager
    def transaction(self, *, changes: bool = True) -> Iterator[None]:
        """Hold the lock; at the end of the outermost one, announce what was touched.

        `changes=False` says that nothing worth saving can change.
        """
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._flush(changes)

    def touch(self, resource: str, event_type: str = "") -> None:
        """Note that a resource changed in this transaction."""
        self._touched[resource] = event_type

    def _flush(self, changes: bool) -> None:
        touched, self._touched = self._touched, {}
        for resource, event_type in touched.items():
            self._announce(self, resource, event_type)
        if changes:
            self.on_change()

    def now_ms(self) -> int:
        """The emulated moment in Unix milliseconds."""
        return epoch_ms(self.clock.now())

    def in_seconds_ms(self, seconds: float) -> int:
        """Unix milliseconds that many emulated seconds from now."""
        return epoch_ms(self.clock.now() + timedelta(seconds=seconds))

    def _still_wanted(self, delivery: Delivery) -> bool:
        with self.lock:
            if delivery.channel.startswith("forged:"):
                return True
            project, _, channel_id = delivery.channel.partition("/")
            channel = self.state.channels.get((project, channel_id))
            return channel is not None and is_live(channel, self.now_ms())

    def _report(self, delivery: Delivery, outcome: str) -> None:
        with self.lock:
            self.state.counters.notification(delivery.channel.partition("/")[2], outcome)


def is_live(channel: Channel, now_ms: int) -> bool:
    """Neither stopped nor expired."""
    return not channel.stopped and now_ms < channel.expires_ms


def _nothing_to_save() -> None:
    """Until there is a data file."""


def _nobody_listens(world: World, resource: str, event_type: str) -> None:
    """Until `listen` is called."""
