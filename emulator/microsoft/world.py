"""The whole state of the emulator, and the transaction every change happens in."""

import hashlib
import random
import secrets
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from emulator.google.clock import EmulatorClock, epoch_ms
from emulator.google.counters import Counters
from emulator.google.faults import FaultBook

from .model import Calendar, Item, Person, Subscription
from .sender import Delivery, GraphSender, Outbox
from .settings import Settings
from .throttle import Throttle
from .tokens import Client, TokenStore

DEFAULT_CLIENT = Client("00000000-c0de-4a11-8000-ca15ca15ca15", "calsync-emulator-secret~microsoft")


@dataclass
class Store:
    """What the data file keeps. `numbers` counts the ids given out."""

    people: dict[str, Person] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    tokens: TokenStore = field(default_factory=TokenStore)
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    numbers: int = 0


@dataclass
class State:
    """Everything that `reset` throws away. `endpoints` are URLs treated as slow or drop."""

    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    store: Store = field(default_factory=Store)
    faults: FaultBook = field(default_factory=FaultBook)
    counters: Counters = field(default_factory=Counters)
    throttle: Throttle = field(default_factory=Throttle)
    endpoints: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TlsAddress:
    """Where the emulator listens with TLS, and the PEM of the CA that vouches for it."""

    url: str
    ca: str


@dataclass(frozen=True)
class Change:
    """Something happened to an item of a calendar: `created`, `updated` or `deleted`."""

    calendar: str
    change_type: str
    item: Item


class World:
    """State, clock, sender and outbox; `transaction` guards all of them."""

    def __init__(self, base: Settings | None = None, clients: tuple[Client, ...] = ()) -> None:
        self.lock = threading.RLock()
        self.clock = EmulatorClock()
        # Tokens must not repeat those of a world before a reset.
        self.rng = random.Random()
        self.base_settings = base or Settings()
        self.clients = clients or (DEFAULT_CLIENT,)
        self.tls: TlsAddress | None = None
        self.on_change: Callable[[], None] = _nothing_to_save
        self._changes: list[Change] = []
        self._depth = 0
        self._announce: Callable[[World, list[Change]], None] = _nobody_listens
        self.state = self._fresh(0)
        self.sender = GraphSender(self._still_wanted, self._report)
        self.outbox = Outbox(self.sender)

    def _fresh(self, seed: int) -> State:
        state = State(seed=seed, settings=self.base_settings)
        state.store.tokens.clients = {client.client_id: client for client in self.clients}
        return state

    @property
    def store(self) -> Store:
        """What the data file keeps."""
        return self.state.store

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.state.settings

    def reset(self, seed: int = 0) -> None:
        """An empty world: no people, default settings, real time."""
        with self.transaction():
            self.outbox.clear()
            self.sender.clear()
            self.clock.set(None)
            self.state = self._fresh(seed)
            self._changes.clear()

    def listen(self, announce: Callable[["World", list[Change]], None]) -> None:
        """Name who is told about the changes of a transaction, at its end."""
        self._announce = announce

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
                    self._flush(changes)

    def note(self, change: Change) -> None:
        """Remember a change of this transaction."""
        self._changes.append(change)

    def _flush(self, changes: bool) -> None:
        noted, self._changes = self._changes, []
        if noted:
            self._announce(self, noted)
        if changes:
            self.on_change()

    def now_ms(self) -> int:
        """The emulated moment in Unix milliseconds."""
        return epoch_ms(self.clock.now())

    def in_seconds_ms(self, seconds: float) -> int:
        """Unix milliseconds that many emulated seconds from now."""
        return epoch_ms(self.clock.now() + timedelta(seconds=seconds))

    def new_key(self) -> str:
        """A key that looks random, the same in every run with the same seed."""
        self.store.numbers += 1
        text = f"{self.state.seed}:{self.store.numbers}".encode()
        return hashlib.sha256(text).hexdigest()[:16]

    def new_guid(self) -> str:
        """A GUID, the same in every run with the same seed."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.new_key()))

    def live_subscriptions(self) -> list[Subscription]:
        """Those that have not lapsed; lapsed ones are forgotten."""
        now = self.clock.now()
        held = self.store.subscriptions
        for lapsed in [each.id for each in held.values() if each.expires <= now]:
            del held[lapsed]
        return list(held.values())

    def _still_wanted(self, delivery: Delivery) -> bool:
        with self.lock:
            if not delivery.subscriptions:
                return True
            live = {each.id for each in self.live_subscriptions()}
            return delivery.final or not live.isdisjoint(delivery.subscriptions)

    def _report(self, delivery: Delivery, outcome: str) -> None:
        with self.lock:
            for subscription in delivery.subscriptions or ("forged",):
                self.state.counters.notification(subscription, outcome)


def _nothing_to_save() -> None:
    """Until there is a data file."""


def _nobody_listens(world: World, changes: list[Change]) -> None:
    """Until `listen` is called."""
