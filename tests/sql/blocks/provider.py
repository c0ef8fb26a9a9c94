"""Calendars as a provider holds them: the outside world of the tests of busy blocks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from shared.decide.own_tag import event_key
from shared.model import Deletion, Event, When
from shared.states import EventKind, EventStatus, Visibility

Outcome = dict[str, Any]


@dataclass
class Calendar:
    """Events by id, and the ids that changed, oldest first: a cursor counts how many were read."""

    events: dict[str, Event] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)

    def put(self, event: Event) -> Event:
        """Somebody creates or changes an event; gives it with its new etag."""
        self.changes.append(event.provider_event_id)
        stored = replace(event, etag=f"etag-{len(self.changes)}")
        self.events[event.provider_event_id] = stored
        return stored

    def drop(self, event_id: str) -> None:
        """Somebody deletes an event."""
        del self.events[event_id]
        self.changes.append(event_id)

    def since(self, cursor: int) -> tuple[list[Event], list[Deletion]]:
        """What is to be read: changed events as they are now, and ids that are gone."""
        touched = dict.fromkeys(self.changes[cursor:])
        events = [self.events[each] for each in touched if each in self.events]
        return events, [Deletion(each) for each in touched if each not in self.events]

    def write(self, claim: Mapping[str, Any]) -> Outcome:
        """Does one claimed write of the outbox as an adapter would, and gives its outcome."""
        event_id = claim["provider_event_id"] or self._found_by(claim["tag"])
        if claim["draft"] is None:
            return self._delete(event_id)
        if claim["provider_event_id"] is None:
            return self._create(claim, event_id)
        return self._update(claim)

    def _found_by(self, tag: str) -> str | None:
        key = event_key(tag)
        return key if key in self.events else None

    def _delete(self, event_id: str | None) -> Outcome:
        self.writes["delete"] += 1
        if event_id in self.events:
            self.drop(event_id)
        return {"result": "deleted"}

    def _create(self, claim: Mapping[str, Any], found: str | None) -> Outcome:
        self.writes["create"] += 1
        wanted = _event(event_key(claim["tag"]), claim)
        if found is None:
            return _written(self.put(wanted), as_asked=True)
        there = self.events[found]
        return _written(
            there, as_asked=(there.when, there.summary) == (wanted.when, wanted.summary)
        )

    def _update(self, claim: Mapping[str, Any]) -> Outcome:
        self.writes["update"] += 1
        there = self.events.get(claim["provider_event_id"])
        if there is None:
            return {"result": "vanished", "delay_seconds": 60, "dead": False}
        if there.etag != claim["etag"]:
            return {"result": "stale", "delay_seconds": 60, "dead": False}
        return _written(self.put(_event(there.provider_event_id, claim)), as_asked=True)

    def blocks(self, installation: str) -> list[Event]:
        """The busy blocks of an installation, by start."""
        own = f"calsync:b:{installation}:"
        found = [each for each in self.events.values() if (each.own_tag or "").startswith(own)]
        return sorted(found, key=lambda each: str(each.when))


def _written(event: Event, *, as_asked: bool) -> Outcome:
    return {
        "result": "written",
        "provider_event_id": event.provider_event_id,
        "etag": event.etag,
        "as_asked": as_asked,
    }


def _event(event_id: str, claim: Mapping[str, Any]) -> Event:
    draft = claim["draft"]
    return Event(
        event_id,
        EventKind.SINGLE,
        EventStatus.CONFIRMED,
        etag="",
        summary=draft["summary"],
        when=_when(draft),
        visibility=Visibility.PRIVATE,
        own_tag=claim["tag"],
    )


def _when(draft: Mapping[str, Any]) -> When:
    return When(
        *(draft[name] and datetime.fromisoformat(draft[name]) for name in ("start_at", "end_at")),
        *(draft[name] and date.fromisoformat(draft[name]) for name in ("start_date", "end_date")),
    )


def total(calendars: Iterable[Calendar]) -> Counter[str]:
    """The writes of several calendars together."""
    counted: Counter[str] = Counter()
    for each in calendars:
        counted += each.writes
    return counted
