"""Every real calendar at hand goes through the emulator into the mirror; nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.steps.verify import verify
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ics"
ARCHIVE = "archive@calsync.test"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real calendars are not at hand")


@pytest.fixture
def google() -> Iterator[GoogleEmulator]:
    """An emulator that imported every calendar at its start."""
    with GoogleEmulator("--ics", str(DATA), "--ics-person", ARCHIVE) as emulator:
        yield emulator


def test_each_event_is_mirrored_or_refused_with_a_reason(rig: Rig) -> None:
    report = rig.google.control("imports")
    components = [row for file in report["reports"] for row in file["components"]]
    assert len(components) > 400
    assert {row["outcome"] for row in components} == {"imported", "refused"}
    assert all(row["reason"] for row in components if row["outcome"] == "refused")

    rig.google.settings(per_user_per_minute=None)  # a hundred calendars within seconds
    user_id = rig.connect(ARCHIVE)
    rig.drain()

    calendars = rig.rows("calendars", user_id=user_id)
    listed = [
        event
        for calendar in calendars
        for event in rig.google.events(ARCHIVE, calendar["provider_calendar_id"], deleted=True)
        # A single event that its program cancelled is no event any more; a cancelled instance is.
        if event["status"] != "cancelled" or "recurringEventId" in event
    ]
    mirrored = rig.count("calendar_events", user_id=user_id)
    refused = rig.rows("refused_events", user_id=user_id)
    assert mirrored + len(refused) == len(listed)
    assert all(row["reason"] and row["detail"] for row in refused)
    drifted = {
        calendar["name"]: drift
        for calendar in calendars
        if (drift := verify(rig.service, calendar["id"]).drift).count
    }
    assert drifted == {}
