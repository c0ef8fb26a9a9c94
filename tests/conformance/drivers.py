"""What a scenario may do to a calendar, whoever serves it."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from shared.states import Response
from tests.conformance.meeting import Meeting
from tests.conformance.writing import Writing
from tests.support.rig import Rig


class Calendar(Protocol):
    """Ann's calendar. `event` is what `create` gave; `original` the start that an instance of a
    series would have by its rule, on the clocks of the series, or its date.
    """

    def connect(self, rig: Rig) -> None:
        """Ann connects her account; nothing is synced yet."""

    def writing(self) -> Writing:
        """What scenarios of writing need of its provider."""

    def create(self, meeting: Meeting) -> str:
        """A meeting, or a series, appears: Ann enters it, or is invited to it."""

    def create_many(self, meetings: Sequence[Meeting]) -> None:
        """Many at once, by whatever is quickest."""

    def change(self, event: str, meeting: Meeting) -> None:
        """It becomes this."""

    def delete(self, event: str) -> None:
        """It is gone."""

    def change_instance(self, event: str, original: date, meeting: Meeting) -> None:
        """One instance becomes this: moved, renamed, …"""

    def cancel_instance(self, event: str, original: date) -> None:
        """One instance does not take place."""

    def answer(self, event: str, response: Response) -> None:
        """Ann answers an invitation."""

    def expire_cursor(self, rig: Rig) -> None:
        """The provider does not know any more what we know."""

    def fail_with_quota(self) -> None:
        """The next request is one too many; those after it are welcome."""

    def lose_access(self) -> None:
        """Ann takes access back; to be called after `connect`."""

    def give_access_back(self, rig: Rig) -> None:
        """Ann connects her account once more."""
