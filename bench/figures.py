"""A figure, what it is measured against, and a run of them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Peer:
    """A limit, or another program doing the same; in the unit of its figure where it names none."""

    name: str
    value: float
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement. `key` names it in the JSON; `note` tells what one must know to read it."""

    key: str
    name: str
    value: float
    unit: str
    peer: Peer | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure divided by its peer; None without a peer."""
        return self.value / self.peer.value if self.peer and self.peer.value else None


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together. `how` says in a sentence or two how they were measured."""

    title: str
    how: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the bench: where, when, how thoroughly, and what it found."""

    machine: Mapping[str, str]
    date: str
    sizes: Mapping[str, Any]
    seconds: float
    sections: tuple[Section, ...]

    def as_json(self) -> dict[str, Any]:
        """The run with its figures by key."""
        return {
            "machine": dict(self.machine),
            "date": self.date,
            "sizes": dict(self.sizes),
            "seconds": round(self.seconds, 1),
            "figures": {
                figure.key: {**asdict(figure), "ratio": figure.ratio}
                for section in self.sections
                for figure in section.figures
            },
        }


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that `percent` of all values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100), 1) - 1]
