"""What differs between a provider's calendar and its mirror."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mirrored:
    """One event on either side, reduced to what must be equal."""

    provider_event_id: str
    content_hash: str
    occurrence_hash: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Sorted provider event ids: not mirrored, mirrored but gone there, mirrored wrongly."""

    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    different: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many events differ; 0 means that mirror and provider are equal."""
        return len(self.missing) + len(self.surplus) + len(self.different)


def diff_mirror(expected: Iterable[Mirrored], actual: Iterable[Mirrored]) -> Drift:
    """How the mirror (`actual`) differs from the provider (`expected`), whatever their order.

    An id that stands twice on one side with different hashes counts as different.
    """
    there, here = frozenset(expected), frozenset(actual)
    there_ids, here_ids = _ids(there), _ids(here)
    return Drift(
        missing=tuple(sorted(there_ids - here_ids)),
        surplus=tuple(sorted(here_ids - there_ids)),
        different=tuple(sorted(_ids(there ^ here) & there_ids & here_ids)),
    )


def _ids(events: Iterable[Mirrored]) -> frozenset[str]:
    return frozenset(event.provider_event_id for event in events)
