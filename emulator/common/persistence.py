"""The data file: read at start, written a moment after each change and at the end."""

import json
import os
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Generic, TypeVar

from .json_types import Json
from .world import BaseWorld

VERSION = 1
PAUSE_S, LONGEST_PAUSE_S = 0.3, 5.0
# Numbers that an unsaved change may have used before a crash.
LOST_MARGIN = 1_000_000

WorldT = TypeVar("WorldT", bound=BaseWorld[Any])
Taken = TypeVar("Taken")


class UnreadableData(Exception):
    """The data file is not one of ours."""


class DataFile(ABC, Generic[WorldT, Taken]):
    """Keeps a world in a file. A crash loses at most the last moment, and the file says so."""

    def __init__(self, world: WorldT, path: Path) -> None:
        self.world = world
        self._path = path
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="save", daemon=True)

    @abstractmethod
    def take(self) -> Taken:
        """What is to be saved, as it is at this moment; called under the world's lock."""

    @abstractmethod
    def text(self, taken: Taken) -> bytes:
        """That as the text of a JSON object; the world may go on meanwhile."""

    @abstractmethod
    def restore(self, held: Json, *, clean: bool) -> None:
        """Put a saved object into the world; after a crash it is not `clean`.

        Raises ValueError, KeyError or TypeError if it is none.
        """

    def load(self) -> bool:
        """Read the file; False if there is none yet. UnreadableData if it is no data file."""
        if not self._path.exists():
            return False
        try:
            held = json.loads(self._path.read_text())
            if held["version"] != VERSION:
                raise ValueError(f"version {held['version']!r}, expected {VERSION}")
            self.restore(held, clean=bool(held["clean"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableData(f"{self._path}: {error}") from error
        return True

    def start(self) -> None:
        """Save from now on."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.world.on_change = self._dirty.set
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
            busy_s = time.monotonic() - began
            self._stopping.wait(min(max(PAUSE_S, 5 * busy_s), LONGEST_PAUSE_S))

    def _save(self, *, clean: bool) -> None:
        with self.world.lock:
            taken = self.take()
        head = json.dumps({"version": VERSION, "clean": clean})[:-1].encode()
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("wb") as file:
            file.write(head + b"," + self.text(taken).removeprefix(b"{"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
