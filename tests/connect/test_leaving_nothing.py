"""Whoever disconnects an account leaves nothing of it in other calendars, nor theirs in it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.connect.browser import Browser
from tests.connect.conftest import ANN, OUTLOOK
from tests.support.rig import Rig, timed

LOCK = "🔒"


@pytest.fixture
def google_account(rig: Rig, browser: Browser) -> UUID:
    """Ann's Google account, beside her Outlook one: both block each other."""
    rig.at(rig.now())
    browser.connect("google", ANN)
    browser.connect("microsoft", OUTLOOK)
    work(rig)
    start = rig.now() + timedelta(days=2)
    rig.google.create_event(ANN, timed("Dentist", start))
    rig.microsoft.create_event(OUTLOOK, _timed("Board", start + timedelta(hours=3)))
    rig.until(lambda: work(rig) or (len(in_google(rig)), len(in_outlook(rig))) == (2, 2))
    (row,) = rig.rows("calendar_accounts", provider="google")
    account_id: UUID = row["id"]
    return account_id


def test_blocks_go_both_ways_before_access_is_given_back(
    rig: Rig, browser: Browser, google_account: UUID
) -> None:
    assert [title for title in in_outlook(rig) if LOCK in title] != []
    assert [title for title in in_google(rig) if LOCK in title] != []
    answer = browser.call("DELETE", f"accounts/{google_account}")
    assert answer.json()["status"] == "disconnecting"
    rig.until(lambda: work(rig) or status(rig, google_account) == "disconnected")

    assert in_outlook(rig) == ["Board"]
    assert in_google(rig) == ["Dentist"]
    assert rig.count("busy_blocks") == 0
    assert rig.titles() == ["Board"]
    rows = rig.rows("calendar_accounts", id=google_account)
    assert rows[0]["status_reason"] == "revoked"


def test_an_outlook_that_is_down_is_waited_for(
    rig: Rig, browser: Browser, google_account: UUID
) -> None:
    rig.microsoft.fault("status", status=503, match={"method": "DELETE"})
    browser.call("DELETE", f"accounts/{google_account}")
    for _ in range(3):
        work(rig)
    assert status(rig, google_account) == "disconnecting"
    assert rig.count("calsync_private.account_credentials") == 2
    rig.microsoft.clear_faults()
    rig.until(lambda: work(rig) or status(rig, google_account) == "disconnected")
    assert in_outlook(rig) == ["Board"]


def work(rig: Rig) -> None:
    """Some seconds pass, and what is due is done."""
    rig.drain()
    rig.later(seconds=10)
    rig.drain()


def status(rig: Rig, account_id: UUID) -> str:
    (row,) = rig.rows("calendar_accounts", id=account_id)
    return str(row["status"])


def in_google(rig: Rig) -> list[str]:
    return sorted(each["summary"] for each in rig.google.events(ANN))


def in_outlook(rig: Rig) -> list[str]:
    return sorted(each["subject"] for each in rig.microsoft.events(OUTLOOK))


def _timed(title: str, start: Any) -> dict[str, Any]:
    """A timed event of Graph."""
    return {
        "subject": title,
        "start": {"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
        "end": {
            "dateTime": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S"),
            "timeZone": "UTC",
        },
    }
