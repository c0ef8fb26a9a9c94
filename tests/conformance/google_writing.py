"""Writing to Ann's Google calendar."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.model import Draft
from shared.states import ShowAs
from tests.conformance.meeting import ANN, BEN
from tests.conformance.writing import Action
from tests.support.google_emulator import GoogleEmulator

METHODS: Mapping[Action, str] = {
    "create": "events.insert",
    "update": "events.update",
    "delete": "events.delete",
}
WRITES = (*METHODS.values(), "events.patch", "events.import", "events.move")
LOST = {ShowAs.OUT_OF_OFFICE: ShowAs.BUSY, ShowAs.WORKING_ELSEWHERE: ShowAs.FREE}
ADDED: Mapping[str, Any] = {
    "attendees": [{"email": BEN, "responseStatus": "accepted"}],
    "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 7}]},
    "colorId": "5",
    "extendedProperties": {"private": {"another-app": "kept"}, "shared": {"room": "kept too"}},
}


class GoogleWriting:
    """The primary calendar."""

    def __init__(self, google: GoogleEmulator) -> None:
        self._google = google
        self._limit = ""

    def writes(self) -> int:
        calls = self._google.counters()["by_method"]
        return sum(calls.get(method, 0) for method in WRITES)

    def lose_answer(self, action: Action) -> None:
        self._google.fault("cut", when="after", match={"method": METHODS[action]}, times=1)

    def limit(self, writes: int) -> None:
        create = {"method": METHODS["create"]}
        refusal = {"status": 403, "reason": "rateLimitExceeded", "retry_after": 3}
        self._limit = self._google.fault("status", match=create, skip=writes, **refusal)

    def lift_limit(self) -> None:
        self._google.control(f"faults/{self._limit}", verb="DELETE")

    def lose_access(self) -> None:
        self._google.revoke(ANN)

    def read_only(self) -> str:
        self._google.add_person(BEN, "Ben")
        share = {"email": ANN, "role": "reader"}
        self._google.control(f"people/{BEN}/calendars/primary/share", share)
        return BEN

    def missing(self) -> str:
        return "gone@group.calendar.google.com"

    def retitle(self, event: str, title: str) -> None:
        self._google.patch_event(ANN, event, {"summary": title})

    def remove(self, event: str) -> None:
        self._google.delete_event(ANN, event)

    def embellish(self, event: str) -> None:
        self._google.patch_event(ANN, event, dict(ADDED))

    def is_embellished(self, event: str) -> bool:
        (body,) = [each for each in self._google.events(ANN) if each["id"] == event]
        return all(_holds(body.get(name), added) for name, added in ADDED.items())

    def kept(self, draft: Draft) -> Draft:
        """Google knows free, busy, and by its status what is not certain."""
        return replace(draft, show_as=LOST.get(draft.show_as, draft.show_as), time_zone=None)


def _holds(found: Any, added: Any) -> bool:
    """Whether all that was added is found, and perhaps more."""
    if isinstance(added, dict):
        return all(_holds((found or {}).get(name), each) for name, each in added.items())
    return bool(found == added)
