"""What the data file keeps. After a crash, which may lose a moment, delta tokens are dead."""

from pydantic import TypeAdapter

from emulator.common import persistence
from emulator.common.json_types import Json
from emulator.common.persistence import LOST_MARGIN

from .world import Store, World

_STORE = TypeAdapter(Store)


class DataFile(persistence.DataFile[World, bytes]):
    """Keeps Microsoft's world in a file."""

    def take(self) -> bytes:
        """The store as JSON: items are replaced while the world goes on."""
        return _STORE.dump_json(self.world.store)

    def text(self, taken: bytes) -> bytes:
        """The whole object."""
        return b'{"store":' + taken + b"}"

    def restore(self, held: Json, *, clean: bool) -> None:
        """Put a store into the world."""
        store = _STORE.validate_python(held["store"])
        store.tokens.clients = self.world.store.tokens.clients | store.tokens.clients
        self.world.state.store = store
        if not clean:
            _distrust(store)


def _distrust(store: Store) -> None:
    store.numbers += LOST_MARGIN
    for calendar in store.calendars.values():
        calendar.epoch += 1
        calendar.seq += LOST_MARGIN
