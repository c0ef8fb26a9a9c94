"""Writing to Ann's Outlook calendar."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.model import Draft
from shared.states import Visibility
from tests.conformance.meeting import ANN, BEN
from tests.conformance.writing import Action
from tests.support.microsoft_emulator import MicrosoftEmulator

METHODS: Mapping[Action, str] = {
    "create": "events.create",
    "update": "events.update",
    "delete": "events.delete",
}
ADDED: Mapping[str, Any] = {
    "attendees": [{"type": "required", "emailAddress": {"address": BEN, "name": "Ben"}}],
    "categories": ["Green category"],
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 7,
    "importance": "high",
}


class MicrosoftWriting:
    """The default calendar of the mailbox."""

    def __init__(self, microsoft: MicrosoftEmulator) -> None:
        self._microsoft = microsoft
        self._limit = ""

    def writes(self) -> int:
        calls = self._microsoft.counters()["by_method"]
        return sum(calls.get(method, 0) for method in METHODS.values())

    def lose_answer(self, action: Action) -> None:
        self._microsoft.fault("cut", when="after", match={"method": METHODS[action]}, times=1)

    def limit(self, writes: int) -> None:
        create = {"method": METHODS["create"]}
        self._limit = self._microsoft.fault(
            "status", status=429, retry_after="2.128", match=create, skip=writes
        )

    def lift_limit(self) -> None:
        self._microsoft.control(f"faults/{self._limit}", verb="DELETE")

    def lose_access(self) -> None:
        self._microsoft.revoke(ANN)
        self._microsoft.expire_access_tokens(email=ANN)

    def read_only(self) -> str:
        return self._microsoft.add_calendar(ANN, "Holidays", can_edit=False)

    def missing(self) -> str:
        return "AAMkAGone="

    def retitle(self, event: str, title: str) -> None:
        self._microsoft.patch_event(ANN, event, {"subject": title})

    def remove(self, event: str) -> None:
        self._microsoft.delete_event(ANN, event)

    def embellish(self, event: str) -> None:
        self._microsoft.patch_event(ANN, event, dict(ADDED))

    def is_embellished(self, event: str) -> bool:
        (body,) = self._microsoft.events(ANN)
        (guest,) = body["attendees"]
        assert guest["emailAddress"]["address"] == BEN
        return all(body[name] == added for name, added in ADDED.items() if name != "attendees")

    def kept(self, draft: Draft) -> Draft:
        """Outlook's events are private, confidential or neither."""
        public = draft.visibility is Visibility.PUBLIC
        visibility = Visibility.DEFAULT if public else draft.visibility
        return replace(draft, visibility=visibility, time_zone=None)
