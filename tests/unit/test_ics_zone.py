"""The time zone of a whole calendar, as servers state it."""

import pytest

from shared.decide.ics_zone import read_calendar_zone
from tests.providers.caldav.examples import BERLIN, vcalendar


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" W. Europe Standard Time\n", "Europe/Berlin"),
        ("", None),
        ("Nowhere", None),
        (vcalendar(BERLIN), "Europe/Berlin"),
        (BERLIN.replace("TZID:Europe/Berlin", "TZID:Home"), "Europe/Berlin"),
        (vcalendar(), None),
        (vcalendar(BERLIN.replace("TZID:Europe/Berlin\r\n", "")), None),
        (vcalendar(BERLIN).replace("TZID:Europe/Berlin", "TZID:x").replace("+0", "+z"), None),
    ],
)
def test_zones_of_calendars(text: str, zone: str | None) -> None:
    assert read_calendar_zone(text) == zone
