"""What the data file keeps. After a crash, sync tokens that may cover lost changes get 410."""

import json
from dataclasses import asdict
from typing import Any

from emulator.common import persistence
from emulator.common.json_types import Json
from emulator.common.persistence import LOST_MARGIN
from emulator.common.tokens import client_from

from .model import Calendar, Channel, EventRecord, ListEntry, Person
from .tokens import AccessToken, grant_from_json, grant_to_json
from .world import State, World


class DataFile(persistence.DataFile[World, Json]):
    """Keeps Google's world in a file."""

    def take(self) -> Json:
        """A snapshot; cheap, because stored bodies are never changed in place."""
        return snapshot(self.world.state)

    def text(self, taken: Json) -> bytes:
        """As JSON."""
        return json.dumps(taken, separators=(",", ":")).encode()

    def restore(self, held: Json, *, clean: bool) -> None:
        """Put a snapshot into the world."""
        restore(self.world.state, held, 0 if clean else LOST_MARGIN)


def snapshot(state: State) -> Json:
    """The state as JSON."""
    return {
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


def restore(state: State, data: Json, lost: int) -> None:
    """Fill an empty state; so many change numbers may have been used and `lost`."""
    state.secret = bytes.fromhex(data["secret"])
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
        client = client_from(row)
        tokens.clients.setdefault(client.client_id, client)
    tokens.refresh = {key: grant_from_json(row) for key, row in data["refresh"].items()}
    tokens.access = {
        key: AccessToken(grant_from_json(row["grant"]), row["expires_ms"])
        for key, row in data["access"].items()
    }
    tokens.consented = {(email, client_id) for email, client_id in data["consented"]}
