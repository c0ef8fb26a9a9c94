"""Connecting over the web: every way it can end has its page, and its consequences."""

import threading
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from shared.errors import AccountTaken
from shared.providers import google_oauth
from tests.connect.browser import Browser, cookie_lines, query_of
from tests.connect.conftest import ANN, BEN, EMAILS, MakeBrowser, person
from tests.support.rig import Rig

PROVIDERS = ("google", "microsoft")
TABLES = ("calendar_accounts", "calsync_private.account_credentials", "calendars", "audit_log")


def written(rig: Rig) -> dict[str, int]:
    """How many rows there are of what connecting writes."""
    return {table: rig.count(table) for table in TABLES}


NOTHING = dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_person_connects_an_account(rig: Rig, browser: Browser, provider: str) -> None:
    page = browser.connect(provider, EMAILS[provider])

    assert (page.status, page.outcome, page.again) == (200, "connected", None)
    assert EMAILS[provider] in page.text
    (account,) = rig.rows("calendar_accounts")
    assert (account["provider"], account["email"]) == (provider, EMAILS[provider])
    assert (account["status"], account["user_id"]) == ("active", person(rig, ANN))
    (entry,) = rig.rows("audit_log")
    assert (entry["actor"], entry["action"]) == (f"user:{person(rig, ANN)}", "account.connect")
    assert entry["request_id"] == page.response.headers["X-Request-Id"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_was_connected_is_subscribed_and_read_at_once(
    rig: Rig, browser: Browser, provider: str
) -> None:
    browser.connect(provider, EMAILS[provider])

    (due,) = rig.service.database.read("due_summary")
    assert (due["calendars_due"], due["subscriptions_due"]) == (1, 1)
    rig.drain()
    (calendar,) = rig.rows("calendars")
    assert rig.state(calendar["id"])["sync_token"] is not None
    assert rig.count("webhook_subscriptions", status="active") == 1


def test_google_is_asked_for_lasting_access_and_only_what_is_needed(browser: Browser) -> None:
    asked = query_of(browser.start("google", login_hint="ann@work.test"))

    assert asked["scope"].split() == list(google_oauth.SCOPES)
    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
    assert asked["include_granted_scopes"] == "true"
    assert asked["code_challenge_method"] == "S256"
    assert asked["login_hint"] == "ann@work.test"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_attempt_is_kept_hashed_sealed_and_for_ten_minutes(
    rig: Rig, browser: Browser, provider: str
) -> None:
    asked = query_of(browser.start(provider))

    (flow,) = rig.rows("calsync_private.oauth_flows")
    assert (flow["user_id"], flow["provider"]) == (person(rig, ANN), provider)
    assert (flow["expires_at"] - flow["created_at"]).total_seconds() == 600
    (secret,) = browser.http.cookies.values()
    for told in (asked["state"], asked["code_challenge"], secret):
        assert told not in str(flow)
    opened = rig.service.sealer.open(flow["sealed"])
    assert (
        google_oauth.code_challenge(opened.get("verifier") or opened["code_verifier"])
        == (asked["code_challenge"])
    )


def test_the_cookie_is_for_the_way_back_alone(rig: Rig, browser: Browser) -> None:
    answer = browser.call("POST", "accounts/connect/google")

    (line,) = cookie_lines(answer)
    assert line.startswith("calsync_connect_")
    assert line.endswith("; Max-Age=600; HttpOnly; Path=/oauth/google/callback; SameSite=Lax")
    rig.reopen(GOOGLE_REDIRECT_URI="https://calsync.example/oauth/google/callback")
    (line,) = cookie_lines(browser.call("POST", "accounts/connect/google"))
    assert "; Max-Age=600; Secure; HttpOnly; " in line


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_person_who_declines_may_try_again(rig: Rig, browser: Browser, provider: str) -> None:
    page = browser.open(browser.click(browser.start(provider), deny="1"))

    assert (page.status, page.outcome) == (403, "declined")
    assert written(rig) == NOTHING
    assert page.again is not None
    after = browser.open(browser.click(page.again, email=EMAILS[provider]))
    assert after.outcome == "connected"
    assert rig.count("calendar_accounts", status="active") == 1


def test_a_box_left_unticked_is_named_and_nothing_is_stored(rig: Rig, browser: Browser) -> None:
    kept = [scope for scope in google_oauth.SCOPES if scope != google_oauth.EVENTS]
    page = browser.connect("google", ANN, granted=kept)

    assert (page.status, page.outcome) == (403, "partial")
    assert page.boxes == ("View and edit events on all your calendars",)
    assert written(rig) == NOTHING
    assert page.again is not None
    assert browser.open(browser.click(page.again, email=ANN)).outcome == "connected"


def test_a_tenant_that_withholds_calendars_is_told_so(rig: Rig, browser: Browser) -> None:
    asked = query_of(browser.start("microsoft"))
    state = asked.pop("state")
    scopes = [scope for scope in asked.pop("scope").split() if "Calendars" not in scope]
    code = rig.microsoft.consent(EMAILS["microsoft"], scopes, **asked)
    back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': state})}"
    page = browser.open(back)

    assert (page.status, page.outcome) == (403, "partial")
    assert page.boxes == ("Have full access to your calendars",)
    assert written(rig) == NOTHING


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_is_down(rig: Rig, browser: Browser, provider: str) -> None:
    emulator: Any = rig.google if provider == "google" else rig.microsoft
    back = browser.click(browser.start(provider), email=EMAILS[provider])
    emulator.fault("status", status=503, match={"path_regex": "/token$"})
    page = browser.open(back)

    assert (page.status, page.outcome) == (503, "unavailable")
    assert written(rig) == NOTHING
    emulator.clear_faults()
    assert page.again is not None
    after = browser.open(browser.click(page.again, email=EMAILS[provider]))
    assert after.outcome == "connected"


def test_a_provider_that_is_down_before_it_starts(rig: Rig, browser: Browser) -> None:
    rig.microsoft.fault("status", status=503, match={"path_regex": "openid-configuration"})
    answer = browser.call("POST", "accounts/connect/microsoft")

    assert (answer.status_code, answer.json()["code"]) == (503, "retry")
    assert "set-cookie" not in answer.headers
    assert rig.count("calsync_private.oauth_flows") == 0


def test_a_provider_that_says_it_is_in_trouble(browser: Browser) -> None:
    asked = query_of(browser.start("google"))
    query = urlencode({"state": asked["state"], "error": "temporarily_unavailable"})
    page = browser.open(f"{asked['redirect_uri']}?{query}")

    assert (page.status, page.outcome) == (503, "unavailable")


@pytest.mark.parametrize("query", [{"code": "forged"}, {}])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_code_that_the_provider_refuses(
    rig: Rig, browser: Browser, provider: str, query: dict[str, str]
) -> None:
    asked = query_of(browser.start(provider))
    back = f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **query})}"
    page = browser.open(back)

    assert (page.status, page.outcome) == (400, "refused")
    assert page.again is not None
    assert written(rig) == NOTHING


def test_an_account_of_somebody_else(rig: Rig, browser_of: MakeBrowser) -> None:
    browser_of(BEN).connect("google", ANN)
    before = rig.rows("calendar_accounts"), rig.rows("calsync_private.account_credentials")
    page = browser_of(ANN).connect("google", ANN)

    assert (page.status, page.outcome, page.again) == (409, "taken", None)
    assert (rig.rows("calendar_accounts"), rig.rows("calsync_private.account_credentials")) == (
        before
    )


def test_an_account_that_somebody_else_gave_up(rig: Rig, browser_of: MakeBrowser) -> None:
    ben = browser_of(BEN)
    ben.connect("google", ANN)
    (account,) = rig.rows("calendar_accounts")
    assert ben.call("DELETE", f"accounts/{account['id']}").json()["status"] == "disconnected"

    assert browser_of(ANN).connect("google", ANN).outcome == "connected"
    assert rig.count("calendar_accounts", user_id=person(rig, ANN), status="active") == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_person_reconnects_an_account_that_lost_access(
    rig: Rig, browser: Browser, provider: str
) -> None:
    browser.connect(provider, EMAILS[provider])
    rig.drain()
    (account,) = rig.rows("calendar_accounts")
    rig.service.database.call(
        "require_reauthorization",
        user_id=account["user_id"],
        account_id=account["id"],
        reason="invalid_grant",
    )
    assert rig.rows("calendar_accounts")[0]["status"] == "needs_reauth"
    assert browser.connect(provider, EMAILS[provider]).outcome == "connected"

    (again,) = rig.rows("calendar_accounts")
    assert (again["id"], again["status"]) == (account["id"], "active")
    assert rig.count("calendar_alerts", kind="access_lost", resolved_by="reconnected") == 1
    (due,) = rig.service.database.read("due_summary")
    assert due["calendars_due"] == 1


def test_two_tabs_do_not_disturb_each_other(rig: Rig, browser: Browser) -> None:
    one, other = browser.start("google"), browser.start("google")

    assert browser.open(browser.click(one, email=ANN)).outcome == "connected"
    assert browser.open(browser.click(other, email=BEN)).outcome == "connected"
    assert rig.count("calendar_accounts", user_id=person(rig, ANN)) == 2


def test_a_provider_that_is_not_configured(rig: Rig, browser: Browser) -> None:
    rig.reopen(GOOGLE_CLIENT_ID="")
    answer = browser.call("POST", "accounts/connect/google")

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_the_page_loads_nothing_and_tells_nobody(browser: Browser) -> None:
    page = browser.connect("google", ANN)

    headers = page.response.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    (dropped,) = cookie_lines(page.response)
    assert "Expires=Thu, 01 Jan 1970" in dropped


def test_of_two_people_at_once_one_gets_the_account(rig: Rig) -> None:
    people = [person(rig, ANN), person(rig, BEN)]
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def connect(user_id: UUID) -> None:
        barrier.wait()
        try:
            rig.service.database.call(
                "connect_account",
                user_id=user_id,
                provider="google",
                provider_account_id="one account",
                email=None,
                scopes=[],
                sealed="gAAAA",
            )
            outcomes.append("connected")
        except AccountTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=connect, args=(user_id,)) for user_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["connected", "taken"]
    assert rig.count("calendar_accounts") == 1
