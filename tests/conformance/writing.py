"""What a scenario of writing needs of a provider: its troubles, and the person's own hands."""

from typing import Literal, Protocol

from shared.model import Draft

Action = Literal["create", "update", "delete"]


class Writing(Protocol):
    """`event` is the provider's id of an event in the calendar under test, as a write gave it."""

    def writes(self) -> int:
        """How many requests to write came in so far, refused ones included."""

    def lose_answer(self, action: Action) -> None:
        """The next such write of a busy block is done, but its answer never arrives."""

    def limit(self, writes: int) -> None:
        """After so many creates all further ones are too many, until `lift_limit`."""

    def lift_limit(self) -> None:
        """The provider is patient again."""

    def lose_access(self) -> None:
        """Ann takes access back."""

    def read_only(self) -> str:
        """The id of a calendar that Ann may only read."""

    def missing(self) -> str:
        """The id of a calendar that there is not."""

    def retitle(self, event: str, title: str) -> None:
        """Ann gives an event another title."""

    def remove(self, event: str) -> None:
        """Ann deletes an event."""

    def embellish(self, event: str) -> None:
        """Ann adds to an event what CalSync knows nothing of: guests, an alarm, …"""

    def is_embellished(self, event: str) -> bool:
        """Whether all of that is still there."""

    def kept(self, draft: Draft) -> Draft:
        """What of a draft this provider can keep, without its zone."""
