"""Names of time zones."""

from zoneinfo import available_timezones

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from shared.decide.zone import RENAMED, read_zone


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("India Standard Time", "Asia/Kolkata"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_zone_has_one_name(name: str, key: str) -> None:
    zone = read_zone(name)
    assert zone is not None
    assert zone.key == key


@pytest.mark.parametrize(
    "name", [None, "", "Nowhere/At all", "../etc/passwd", "America", "x" * 999]
)
def test_what_is_no_zone(name: str | None) -> None:
    assert read_zone(name) is None


def test_every_name_of_windows_leads_to_a_zone() -> None:
    assert set(RENAMED.values()) <= available_timezones()
    assert [name for name in WINDOWS_TO_OLSON if read_zone(name) is None] == []
