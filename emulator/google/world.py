"""The whole state of the emulator, and who is told about its changes."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.common.json_types import Json
from emulator.common.sender import Sender
from emulator.common.tokens import Client
from emulator.common.world import BaseState, BaseWorld

from .model import Calendar, Channel, Person
from .quotas import Quotas
from .sender import MANNERS, Delivery
from .settings import Settings
from .tokens import TokenStore

DEFAULT_CLIENT = Client(
    "100000000001-calsync.apps.googleusercontent.com", "calsync-emulator-secret"
)


@dataclass
class State(BaseState[Settings]):
    """Everything that `reset` throws away."""

    people: dict[str, Person] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    channels: dict[tuple[str, str], Channel] = field(default_factory=dict)
    quotas: Quotas = field(default_factory=Quotas)
    imports: list[Json] = field(default_factory=list)
    mails: list[Json] = field(default_factory=list)
    secret: bytes = b""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        # Access tokens and message gaps must not repeat those of a world before a reset.
        self.tokens = TokenStore(random.Random())
        if not self.secret:
            self.secret = self.tokens.rng.randbytes(16)


class World(BaseWorld[State]):
    """State, clock and sender; `transaction` guards all of them."""

    def __init__(self, clients: tuple[Client, ...] = (DEFAULT_CLIENT,)) -> None:
        self._touched: dict[str, str] = {}
        self._listener: Callable[[World, str, str], None] = _nobody_listens
        super().__init__(clients)
        self.sender = Sender(MANNERS, self._still_wanted, self._report)

    def _fresh(self, seed: int) -> State:
        state = State(Settings(), seed)
        state.tokens.clients = dict(self.clients)
        return state

    def listen(self, announce: Callable[["World", str, str], None]) -> None:
        """Name who is told about touched resources: `(world, resource, event type)`."""
        self._listener = announce

    def touch(self, resource: str, event_type: str = "") -> None:
        """Note that a resource changed in this transaction."""
        self._touched[resource] = event_type

    def _announce(self) -> None:
        touched, self._touched = self._touched, {}
        for resource, event_type in touched.items():
            self._listener(self, resource, event_type)

    def _forget(self) -> None:
        self.sender.clear()
        self._touched.clear()

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


def _nobody_listens(world: World, resource: str, event_type: str) -> None:
    """Until `listen` is called."""
