"""Disconnecting: channels, then blocks, then access; each step survives a crash and trouble."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.steps.maintain import keep_up
from shared.steps.stop_subscriptions import stop_due
from tests.connect.browser import Browser
from tests.connect.conftest import ANN, BEN, EMAILS, MakeBrowser, person
from tests.connect.test_connecting import PROVIDERS
from tests.support.rig import Rig, timed

WAITING = """
create table public.wanted_blocks (account_id uuid);
create or replace function public.remove_blocks_of_account(p_user_id uuid, p_account_id uuid)
returns integer language sql as $$
  select count(*)::integer from public.wanted_blocks where account_id = p_account_id
$$;
"""
"""Blocks in the calendar of a provider that does not answer: they wait to be removed."""


def account(rig: Rig) -> dict[str, Any]:
    """The one account."""
    (row,) = rig.rows("calendar_accounts")
    return row


def disconnect(browser: Browser, account_id: UUID) -> str:
    """Asks for it; how far it is then."""
    answer = browser.call("DELETE", f"accounts/{account_id}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == str(account_id)
    return str(answer.json()["status"])


@pytest.fixture
def connected(rig: Rig, browser: Browser) -> UUID:
    """Ann's Google account, subscribed and read; nothing is due."""
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    browser.connect("google", ANN)
    rig.drain()
    rig.until(lambda: rig.count("webhook_notifications", outcome="confirmed") > 0)
    rig.drain()
    account_id: UUID = account(rig)["id"]
    return account_id


def refresh_token(rig: Rig) -> str:
    """What is kept of the account."""
    (row,) = rig.rows("calsync_private.account_credentials")
    return str(rig.service.sealer.open(row["sealed"])["refresh_token"])


def still_good(rig: Rig, token: str) -> bool:
    """Whether Google still gives access for it."""
    app = {"client_id": rig.google.client_id, "client_secret": rig.google.client_secret}
    form = {"grant_type": "refresh_token", "refresh_token": token, **app}
    return httpx.post(rig.google.token_url, data=form).is_success


def live_channels(rig: Rig) -> list[str]:
    """The channels that the Google emulator would still deliver to."""
    return [each["id"] for each in rig.google.channels() if each["live"]]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_person_disconnects_an_account(rig: Rig, browser: Browser, provider: str) -> None:
    browser.connect(provider, EMAILS[provider])
    rig.drain()
    assert rig.count("webhook_subscriptions", status="active") == 1
    account_id = account(rig)["id"]

    assert disconnect(browser, account_id) == "disconnected"

    assert rig.count("webhook_subscriptions", status="stopped") == 1
    assert rig.microsoft.subscriptions() == []
    assert live_channels(rig) == []
    assert rig.count("calsync_private.account_credentials") == 0
    assert rig.count("calendar_events") == 0
    entries = rig.rows("audit_log", action="account.disconnect")
    assert [each["actor"] for each in entries] == [f"user:{person(rig, ANN)}"]
    reasons = {"google": "revoked", "microsoft": "not_revocable"}
    assert account(rig)["status_reason"] == reasons[provider]


def test_access_is_given_back_to_google(rig: Rig, browser: Browser, connected: UUID) -> None:
    token = refresh_token(rig)
    assert still_good(rig, token)
    disconnect(browser, connected)
    assert not still_good(rig, token)


def test_asked_twice_it_is_done_once(rig: Rig, browser: Browser, connected: UUID) -> None:
    assert disconnect(browser, connected) == "disconnected"
    assert disconnect(browser, connected) == "disconnected"
    assert rig.count("audit_log", action="account.disconnect") == 1


def test_nothing_is_read_from_the_moment_it_is_asked(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    rig.service.database.call("make_due", **_calendar(rig), reason="manual")
    (claim,) = rig.claims()
    rig.service.database.call("disconnect_account", user_id=claim.user_id, account_id=connected)

    (held,) = rig.sql(
        "select lease_holder, lease_token > %(token)s as lost from calendar_sync_states",
        {"token": claim.lease_token},
    )
    assert held == {"lease_holder": None, "lost": True}
    assert rig.claims() == []
    assert rig.count("calendar_sync_logs", status="running") == 0


def test_a_crash_after_the_question_costs_nothing(rig: Rig, connected: UUID) -> None:
    """The process that was asked died before it did anything; upkeep of any worker goes on."""
    rig.service.database.call(
        "disconnect_account", user_id=account(rig)["user_id"], account_id=connected
    )
    rig.until(lambda: _kept_up(rig)["status"] == "disconnected")
    assert live_channels(rig) == []
    assert rig.count("calsync_private.account_credentials") == 0


def test_a_crash_between_revocation_and_settlement(rig: Rig, connected: UUID) -> None:
    """Revoked twice: the second time it counts as given back."""
    user_id = account(rig)["user_id"]
    database = rig.service.database
    database.call("disconnect_account", user_id=user_id, account_id=connected)
    stop_due(rig.service, 10, connected)
    (claim,) = database.call("claim_due_disconnections", limit=1, account_id=connected)
    rig.google.revoke(ANN)
    assert claim["account_id"] == str(connected)
    rig.at(rig.now())
    rig.later(minutes=3)
    keep_up(rig.service)
    assert account(rig)["status"] == "disconnected"


def test_access_is_kept_until_the_channels_are_stopped(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    rig.google.fault("status", status=503, match={"path_regex": "/channels/stop$"})
    token = refresh_token(rig)
    assert disconnect(browser, connected) == "disconnecting"
    assert disconnect(browser, connected) == "disconnecting"
    assert still_good(rig, token)
    rig.google.clear_faults()
    rig.at(rig.now())
    rig.later(minutes=1)
    keep_up(rig.service)
    rig.later(seconds=5)
    keep_up(rig.service)
    assert account(rig)["status"] == "disconnected"
    assert live_channels(rig) == []


def test_access_is_kept_until_the_blocks_are_gone(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    rig.sql(WAITING)
    rig.sql("insert into public.wanted_blocks values (%(id)s)", {"id": connected})
    assert disconnect(browser, connected) == "disconnecting"
    assert live_channels(rig) == []
    rig.sql("delete from public.wanted_blocks")
    rig.at(rig.now())
    rig.later(seconds=3)
    keep_up(rig.service)
    assert account(rig)["status"] == "disconnected"


def test_blocks_that_never_go_are_waited_for_a_day(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    rig.sql(WAITING)
    rig.sql("insert into public.wanted_blocks values (%(id)s)", {"id": connected})
    assert disconnect(browser, connected) == "disconnecting"
    rig.at(rig.now())
    rig.later(hours=23)
    keep_up(rig.service)
    assert account(rig)["status"] == "disconnecting"
    rig.later(hours=2)
    keep_up(rig.service)
    assert account(rig)["status"] == "disconnected"


def test_google_may_be_down_for_long(rig: Rig, browser: Browser, connected: UUID) -> None:
    """Credentials are not kept for ever because nobody takes them back."""
    rig.google.fault("status", status=503, match={"path_regex": "^/revoke$"})
    assert disconnect(browser, connected) == "disconnecting"
    rig.at(rig.now())
    for _ in range(5):
        assert account(rig)["status"] == "disconnecting"
        rig.later(hours=1)
        keep_up(rig.service)
    assert account(rig)["status"] == "disconnected"
    assert account(rig)["status_reason"] == "unreachable"
    assert rig.count("calsync_private.account_credentials") == 0


def test_an_account_that_lost_access_does_not_wait(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    """Its channels cannot be stopped any more: they run out."""
    rig.google.revoke(ANN)
    rig.google.expire_access_tokens()
    rig.service.database.call(
        "require_reauthorization",
        user_id=account(rig)["user_id"],
        account_id=connected,
        reason="invalid_grant",
    )
    assert disconnect(browser, connected) == "disconnected"
    assert rig.count("calendar_alerts", resolved_at=None) == 0


def test_access_that_is_lost_meanwhile_does_not_hold_it_up(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    rig.google.revoke(ANN)
    rig.reopen()
    assert disconnect(browser, connected) == "disconnected"


def test_late_rotated_credentials_are_not_kept(rig: Rig, browser: Browser, connected: UUID) -> None:
    user_id = account(rig)["user_id"]
    disconnect(browser, connected)
    rig.service.database.call(
        "store_credentials", user_id=user_id, account_id=connected, sealed="gAAAA late"
    )
    assert rig.count("calsync_private.account_credentials") == 0


def test_while_it_goes_on_it_cannot_be_connected(
    rig: Rig, browser: Browser, connected: UUID
) -> None:
    rig.google.fault("status", status=503, match={"path_regex": "/channels/stop$"})
    disconnect(browser, connected)
    page = browser.connect("google", ANN)
    assert (page.status, page.outcome) == (409, "busy")


def test_a_reconnected_account_is_read_anew(rig: Rig, browser: Browser, connected: UUID) -> None:
    (before,) = rig.rows("calendars")
    disconnect(browser, connected)
    assert rig.titles() == []
    assert browser.connect("google", ANN).outcome == "connected"
    rig.drain()
    (after,) = rig.rows("calendars")
    assert (after["id"], after["account_id"]) == (before["id"], connected)
    assert rig.titles() == ["Lunch"]
    assert rig.count("webhook_subscriptions", status="active") == 1


def test_the_account_of_another_is_not_there(
    rig: Rig, browser_of: MakeBrowser, connected: UUID
) -> None:
    answer = browser_of(BEN).call("DELETE", f"accounts/{connected}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert account(rig)["status"] == "active"


def test_hybrid_status_says_it(rig: Rig, browser: Browser, connected: UUID) -> None:
    disconnect(browser, connected)
    (row,) = rig.rows("hybrid_status")
    assert (row["method"], row["reason"]) == ("disabled", "the account is disconnected")


def _calendar(rig: Rig) -> dict[str, Any]:
    (row,) = rig.rows("calendars")
    return {"user_id": row["user_id"], "calendar_id": row["id"]}


def _kept_up(rig: Rig) -> dict[str, Any]:
    keep_up(rig.service)
    return account(rig)
