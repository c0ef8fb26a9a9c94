"""The list of calendars in our words."""

import pytest

from shared.errors import Reauthorize, Retry
from shared.providers.base import ListedCalendar
from shared.providers.microsoft import MicrosoftSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.microsoft.conftest import ANN
from tests.support.microsoft_emulator import MicrosoftEmulator

CALENDARS_PATH = "/v1.0/me/calendars"
ZONE_PATH = "/v1.0/me/mailboxSettings/timeZone"


def test_calendars_of_all_pages(emulator: MicrosoftEmulator, session: MicrosoftSession) -> None:
    emulator.settings(page_size_cap=2)
    for number in range(4):
        emulator.add_calendar(ANN, f"Calendar {number}")
    emulator.add_calendar(ANN, "Holidays", can_edit=False)
    found = session.list_calendars()
    assert len(found) == 6
    assert [each.name for each in found if each.is_primary] == ["Calendar"]
    assert {each.name for each in found if each.access_role == "reader"} == {"Holidays"}
    assert {each.time_zone for each in found} == {"UTC"}


def test_roles_and_the_zone_of_the_mailbox(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(ZONE_PATH, Answer({"value": "Romance Standard Time"}))
    entries = [
        {"id": "a", "name": "Own", "canEdit": True, "canShare": True, "isDefaultCalendar": True},
        {"id": "b", "name": "Delegated", "canEdit": True, "canShare": False},
        {"id": "c", "canEdit": False, "canShare": True},
        {"name": "nothing to call it by"},
    ]
    canned.answer(CALENDARS_PATH, Answer({"value": entries}))
    paris = "Europe/Paris"
    assert canned_session.list_calendars() == [
        ListedCalendar("a", "Own", paris, "owner", True),
        ListedCalendar("b", "Delegated", paris, "writer", False),
        ListedCalendar("c", "c", paris, "reader", False),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": {"code": "ErrorAccessDenied"}}, 403),
        Answer({}, 404),
        Answer({"value": "tzone://Microsoft/Custom"}),
        Answer({"value": 7}),
    ],
)
def test_a_zone_that_is_not_told_is_utc(
    canned: CannedServer, canned_session: MicrosoftSession, answer: Answer
) -> None:
    canned.answer(ZONE_PATH, answer)
    canned.answer(CALENDARS_PATH, Answer({"value": [{"id": "a"}]}))
    assert [each.time_zone for each in canned_session.list_calendars()] == ["UTC"]


def test_other_trouble_is_trouble(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    canned.answer(ZONE_PATH, Answer({}, 503))
    with pytest.raises(Retry):
        canned_session.list_calendars()
    canned.answer(ZONE_PATH, Answer({}, 401))
    with pytest.raises(Reauthorize):
        canned_session.list_calendars()
