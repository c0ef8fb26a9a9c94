"""The yardstick itself: it must be able to say no."""

import pytest

from tests.emulator_google.discovery import check, document, validator


def test_unknown_properties_are_noticed() -> None:
    with pytest.raises(AssertionError, match="unexpected"):
        check("calendar.events.get", {"id": "abc", "flavour": "vanilla"})


@pytest.mark.parametrize(
    "event",
    [
        {"updated": "2026-11-24"},
        {"updated": "2026-11-24T10:00:00"},
        {"sequence": "1"},
        {"start": {"date": "2026-11-24T10:00:00Z"}},
        {"attendees": [{"mail": "a@b.test"}]},
    ],
)
def test_wrong_forms_are_noticed(event: dict[str, object]) -> None:
    assert list(validator("Event").iter_errors(event)) != []


def test_every_schema_converts() -> None:
    for name in document()["schemas"]:
        assert validator(name).is_valid({})
