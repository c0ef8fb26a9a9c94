"""The data file: read at start, written a moment after each change and at the end."""

import json
import os
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .json_types import Json
from .model import Calendar, Channel, EventRecord, ListEntry, Person
from .tokens import AccessToken, Client, grant_from_json, grant_to_json
from .world import State, World

VERSION = 1
PAUSE_S = 0.3
# Change numbers that an unsaved change may have used before a crash.
LOST_MARGIN = 1_000_000


class UnreadableData(Exception):
    """The data file is not one of ours."""


def snapshot(state: State) -> Json:
    """The state as JSON; cheap, because stored bodies are never changed in place."""
    return {
        "version": VERSION,
        "secret": state.secret.hex(),
        "people": [_person_out(person) for person in state.people.values()],
        "calendars": [_calendar_out(calendar) for calendar in state.calendars.values()],
        "channels": [asdict(channel) for channel in state.channels.values()],
        "clients": [asdict(client) for client in state.tokens.clients.values()],
        "refresh": {key: grant_to_json(grant) for key, grant in state.tokens.refresh.items()},
        "access": {
            key: {"grant": grant_to_json(token.grant), "expires_ms": token.expires_ms}
            for key, token in state.tokens.access.items()
        },
        "consented": sorted(state.tokens.consented),
        "imports": list(state.imports),
    }


def _person_out(person: Person) -> Json:
    entries = [asdict(entry) for entry in person.entries.values()]
    return dict(vars(person)) | {"entries": entries, "lost_seqs": list(person.lost_seqs)}


def _calendar_out(calendar: Calendar) -> Json:
    events = [[record.body, record.seq, record.former] for record in calendar.events.values()]
    held = dict(vars(calendar)) | {"events": events, "acl": dict(calendar.acl)}
    held |= {"lost_seqs": list(calendar.lost_seqs), "extra": dict(calendar.extra)}
    del held["exceptions"]
    return held


def restore(world: World, data: Json) -> None:
    """Put a snapshot into the world; UnreadableData if it is not one."""
    if data.get("version") != VERSION:
        raise UnreadableData(f"version {data.get('version')!r}, expected {VERSION}")
    state = world.state
    state.secret = bytes.fromhex(data["secret"])
    lost = LOST_MARGIN if not data.get("clean") else 0
    for row in data["people"]:
        person = _person_in(row, lost)
        state.people[person.email] = person
    for row in data["calendars"]:
        calendar = _calendar_in(row, lost)
        state.calendars[calendar.id] = calendar
    for row in data["channels"]:
        channel = Channel(**row | {"event_types": tuple(row["event_types"])})
        state.channels[channel.project, channel.id] = channel
    _tokens_in(state, data)
    state.imports = data["imports"]


def _person_in(row: Json, lost: int) -> Person:
    entries = [ListEntry(**entry) for entry in row["entries"]]
    kept = row | {"entries": {entry.calendar_id: entry for entry in entries}}
    person = Person(**kept | {"lost_seqs": _pairs(row["lost_seqs"])})
    if lost:
        person.lost_seqs.append((person.list_seq, person.list_seq + lost))
        person.list_seq += lost
    return person


def _calendar_in(row: Json, lost: int) -> Calendar:
    records = [EventRecord(body, seq, former) for body, seq, former in row["events"]]
    kept = row | {"events": {record.id: record for record in records}}
    calendar = Calendar(**kept | {"lost_seqs": _pairs(row["lost_seqs"])})
    for record in records:
        if record.series_id is not None:
            calendar.exceptions.setdefault(record.series_id, set()).add(record.id)
    if lost:
        calendar.lost_seqs.append((calendar.change_seq, calendar.change_seq + lost))
        calendar.change_seq += lost
    return calendar


def _pairs(rows: list[Any]) -> list[tuple[int, int]]:
    return [(int(low), int(high)) for low, high in rows]


def _tokens_in(state: State, data: Json) -> None:
    tokens = state.tokens
    for row in data["clients"]:
        client = Client(**row | {"redirect_uris": tuple(row["redirect_uris"])})
        tokens.clients.setdefault(client.client_id, client)
    tokens.refresh = {key: grant_from_json(row) for key, row in data["refresh"].items()}
    tokens.access = {
        key: AccessToken(grant_from_json(row["grant"]), row["expires_ms"])
        for key, row in data["access"].items()
    }
    tokens.consented = {(email, client_id) for email, client_id in data["consented"]}


class DataFile:
    """Keeps a world in a file. A crash loses at most the last moment, and the file says so:

    sync tokens that may cover lost changes are then answered 410.
    """

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
            restore(self._world, json.loads(self._path.read_text()))
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableData(f"{self._path}: {error}") from error
        return True

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
            data = snapshot(self._world.state)
        data["clean"] = clean
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("w") as file:
            json.dump(data, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
