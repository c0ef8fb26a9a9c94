"""Trouble on demand: which request or notification goes wrong, and how."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .json_types import Json

REQUEST_KINDS = frozenset({"status", "slow", "cut", "empty_page", "short_pages"})
NOTIFICATION_KINDS = frozenset(
    {"drop_notification", "repeat_notification", "delay_notification", "reorder_notifications"}
)


@dataclass(frozen=True)
class Target:
    """What a fault is matched against; a field that does not apply is empty."""

    method: str = ""
    verb: str = ""
    path: str = ""
    user: str = ""
    calendar: str = ""
    channel: str = ""


@dataclass
class Fault:
    """One rule. The first `skip` hits pass; `times` counts down to nothing (None: never)."""

    id: str
    kind: str
    match: Json
    options: Json
    skip: int
    times: int | None
    probability: float
    rng: random.Random

    def hits(self, target: Target) -> bool:
        """Whether the rule applies, the dice included."""
        return self.times != 0 and self._matches(target) and self.rng.random() < self.probability

    def _matches(self, target: Target) -> bool:
        method = self.match.get("method")
        path = self.match.get("path_regex")
        if method is not None and method not in (target.method, target.verb):
            return False
        if path is not None and re.search(path, target.path) is None:
            return False
        exact = [("user", target.user), ("calendar", target.calendar), ("channel", target.channel)]
        return all(self.match.get(name) in (None, value) for name, value in exact)

    def as_json(self) -> Json:
        """For the control API."""
        head = {"id": self.id, "kind": self.kind, "match": self.match, "times": self.times}
        return head | {"skip": self.skip, "probability": self.probability} | self.options


@dataclass
class FaultBook:
    """All rules in force, oldest first."""

    faults: dict[str, Fault] = field(default_factory=dict)
    created: int = 0

    def add(self, wanted: Json) -> Fault:
        """Add a rule from its JSON; ValueError if the kind is unknown."""
        kind = wanted.get("kind")
        if kind not in REQUEST_KINDS | NOTIFICATION_KINDS:
            known = sorted(REQUEST_KINDS | NOTIFICATION_KINDS)
            raise ValueError(f"unknown fault kind {kind!r}; known: {', '.join(known)}")
        head = ("kind", "match", "skip", "times", "probability", "seed")
        self.created += 1
        fault = Fault(
            id=f"fault-{self.created}",
            kind=kind,
            match=wanted.get("match") or {},
            options={key: value for key, value in wanted.items() if key not in head},
            skip=int(wanted.get("skip", 0)),
            times=wanted.get("times"),
            probability=float(wanted.get("probability", 1.0)),
            rng=random.Random(wanted.get("seed", 0)),
        )
        self.faults[fault.id] = fault
        return fault

    def take(self, kinds: frozenset[str], target: Target) -> tuple[Fault, ...]:
        """The rules of these kinds that apply now; each one's count goes down."""
        return tuple(self._take(kinds, target))

    def _take(self, kinds: frozenset[str], target: Target) -> Iterator[Fault]:
        for fault in list(self.faults.values()):
            if fault.kind not in kinds or not fault.hits(target):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            yield fault
