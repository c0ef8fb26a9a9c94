"""The data file: read at start, written a moment after each change and at the end."""

import json
import os
import threading
import time
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .world import Store, World

VERSION = 1
PAUSE_S = 0.3
# Ids that an unsaved change may have used before a crash.
LOST_MARGIN = 1_000_000
_STORE = TypeAdapter(Store)


class UnreadableData(Exception):
    """The data file is not one of ours."""


class DataFile:
    """Keeps a world in a file. After a crash, which may lose a moment, delta tokens are dead."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="save", daemon=True)

    def load(self) -> bool:
        """Read the file; False if there is none yet. UnreadableData if it is no data file."""
        if not self._path.exists():
            return False
        try:
            held = json.loads(self._path.read_text())
            if held["version"] != VERSION:
                raise ValueError(f"version {held['version']!r}, expected {VERSION}")
            store = _STORE.validate_python(held["store"])
            clean = bool(held["clean"])
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise UnreadableData(f"{self._path}: {error}") from error
        store.tokens.clients = self._world.store.tokens.clients | store.tokens.clients
        self._world.state.store = store
        if not clean:
            self._distrust(store)
        return True

    def _distrust(self, store: Store) -> None:
        store.numbers += LOST_MARGIN
        for calendar in store.calendars.values():
            calendar.epoch += 1
            calendar.seq += LOST_MARGIN

    def start(self) -> None:
        """Save from now on."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._world.on_change = self._dirty.set
        self._save(clean=False)
        self._thread.start()

    def close(self) -> None:
        """Save a last time."""
        self._stopping.set()
        self._dirty.set()
        self._thread.join()
        self._save(clean=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._dirty.wait()
            self._dirty.clear()
            if self._stopping.is_set():
                return
            began = time.monotonic()
            self._save(clean=False)
            # A large world is saved less often, so that saving never is its main occupation.
            self._stopping.wait(min(max(PAUSE_S, 5 * (time.monotonic() - began)), 5.0))

    def _save(self, *, clean: bool) -> None:
        with self._world.lock:
            store = _STORE.dump_json(self._world.store)
        head = json.dumps({"version": VERSION, "clean": clean})[:-1].encode()
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("wb") as file:
            file.write(head + b',"store":' + store + b"}")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
