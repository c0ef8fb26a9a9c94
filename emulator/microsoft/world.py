"""The whole state of the emulator, and who is told about its changes."""

import hashlib
import random
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.common.json_types import Json
from emulator.common.sender import Sender
from emulator.common.tokens import Client
from emulator.common.world import BaseState, BaseWorld

from .model import Calendar, Item, Person, Subscription
from .sender import MANNERS, Delivery, Outbox
from .settings import Settings
from .throttle import Throttle
from .tokens import TokenStore

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
class State(BaseState[Settings]):
    """Everything that `reset` throws away. `endpoints` are URLs treated as slow or drop."""

    store: Store = field(default_factory=Store)
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


class World(BaseWorld[State]):
    """State, clock, sender and outbox; `transaction` guards all of them."""

    def __init__(
        self, base: Settings | None = None, clients: tuple[Client, ...] = (DEFAULT_CLIENT,)
    ) -> None:
        # Tokens must not repeat those of a world before a reset.
        self.rng = random.Random()
        self.base_settings = base or Settings()
        self.tls: TlsAddress | None = None
        self._changes: list[Change] = []
        self._listener: Callable[[World, list[Change]], None] = _nobody_listens
        super().__init__(clients)
        self.sender = Sender(MANNERS, self._still_wanted, self._report)
        self.outbox = Outbox(self.sender)

    def _fresh(self, seed: int) -> State:
        state = State(self.base_settings, seed)
        state.store.tokens.clients = dict(self.clients)
        return state

    @property
    def store(self) -> Store:
        """What the data file keeps."""
        return self.state.store

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.state.settings

    def listen(self, announce: Callable[["World", list[Change]], None]) -> None:
        """Name who is told about the changes of a transaction, at its end."""
        self._listener = announce

    def note(self, change: Change) -> None:
        """Remember a change of this transaction."""
        self._changes.append(change)

    def _announce(self) -> None:
        noted, self._changes = self._changes, []
        if noted:
            self._listener(self, noted)

    def _forget(self) -> None:
        self.outbox.clear()
        self.sender.clear()
        self._changes.clear()

    def counted(self) -> Json:
        """As everywhere, and `most_concurrent` requests by mailbox."""
        most: dict[str, int] = {}
        for (_client, user), count in self.state.throttle.most.items():
            most[user] = max(count, most.get(user, 0))
        return super().counted() | {"most_concurrent": most}

    def forget_counts(self) -> None:
        """Every counter back to zero."""
        super().forget_counts()
        self.state.throttle.most.clear()

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


def _nobody_listens(world: World, changes: list[Change]) -> None:
    """Until `listen` is called."""
