"""Attempts that are not the person's own: another's browser, another's answer, an old answer."""

import threading
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.connect.browser import Browser, Page, query_of, read
from tests.connect.conftest import ANN, BEN, EMAILS, MakeBrowser
from tests.connect.test_connecting import NOTHING, PROVIDERS, written
from tests.support.rig import Rig


def unused(rig: Rig) -> int:
    """How many attempts are still open."""
    return rig.count("calsync_private.oauth_flows", consumed_at=None)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_whoever_is_lured_to_the_consent_page_connects_nothing(
    rig: Rig, browser_of: MakeBrowser, provider: str
) -> None:
    """Ben begins, and has Ann say yes: her calendar would be mirrored into his account."""
    lure = browser_of(BEN).start(provider)
    page = browser_of(ANN).open(browser_of(ANN).click(lure, email=EMAILS[provider]))

    assert (page.status, page.outcome, page.again) == (403, "other_browser", None)
    assert written(rig) == NOTHING
    assert unused(rig) == 1


def test_nor_with_a_cookie_of_an_attempt_of_her_own(rig: Rig, browser_of: MakeBrowser) -> None:
    ann, ben = browser_of(ANN), browser_of(BEN)
    ann.start("google")
    page = ann.open(ann.click(ben.start("google"), email=ANN))

    assert page.outcome == "other_browser"
    assert written(rig) == NOTHING


def test_nor_with_her_secret_under_the_name_of_his(rig: Rig, browser_of: MakeBrowser) -> None:
    ann, ben = browser_of(ANN), browser_of(BEN)
    ann.start("google")
    lure = ben.start("google")
    (own,), (name,) = ann.http.cookies.values(), ben.http.cookies.keys()
    back = ann.click(lure, email=ANN)
    page = read(httpx.get(back, headers={"Cookie": f"{name}={own}"}))

    assert page.outcome == "other_browser"
    assert written(rig) == NOTHING


def test_an_answer_of_the_attackers_in_the_victims_browser(
    rig: Rig, browser_of: MakeBrowser
) -> None:
    """Login CSRF: Ben's calendar would appear as Ann's own."""
    ann, ben = browser_of(ANN), browser_of(BEN)
    ann.start("google")
    page = ann.open(ben.click(ben.start("google"), email=BEN))

    assert page.outcome == "other_browser"
    assert written(rig) == NOTHING


def test_a_code_of_the_attackers_in_the_victims_attempt(rig: Rig, browser_of: MakeBrowser) -> None:
    """PKCE: a code is good for the attempt that it was made for alone."""
    ann, ben = browser_of(ANN), browser_of(BEN)
    injected = query_of(ben.click(ben.start("google"), email=BEN))["code"]
    asked = query_of(ann.start("google"))
    query = urlencode({"state": asked["state"], "code": injected})
    page = ann.open(f"{asked['redirect_uri']}?{query}")

    assert page.outcome == "refused"
    assert written(rig) == NOTHING


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_counts_once(rig: Rig, browser: Browser, provider: str) -> None:
    back = browser.click(browser.start(provider), email=EMAILS[provider])
    cookie = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    assert browser.open(back).outcome == "connected"
    before = written(rig)
    page = read(httpx.get(back, headers={"Cookie": cookie}))

    assert (page.status, page.outcome, page.again) == (409, "replayed", None)
    assert written(rig) == before
    assert not browser.http.cookies, "the cookie of an attempt that is over is dropped"
    assert browser.open(back).outcome == "other_browser"


def test_of_two_answers_at_once_one_counts(rig: Rig, browser: Browser) -> None:
    back = browser.click(browser.start("google"), email=ANN)
    pages: list[Page] = []
    threads = [threading.Thread(target=lambda: pages.append(browser.open(back))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted({page.outcome for page in pages} - {"other_browser"}) in (
        ["connected"],
        ["connected", "replayed"],
    )
    assert [page.outcome for page in pages].count("connected") == 1
    assert rig.count("audit_log", action="account.connect") == 1


def test_an_answer_after_ten_minutes(rig: Rig, browser: Browser) -> None:
    back = browser.click(browser.start("google"), email=ANN)
    rig.later(minutes=10)
    page = browser.open(back)

    assert (page.status, page.outcome, page.again) == (410, "expired", None)
    assert written(rig) == NOTHING


def test_an_answer_just_in_time(rig: Rig, browser: Browser) -> None:
    back = browser.click(browser.start("microsoft"), email=EMAILS["microsoft"])
    rig.later(minutes=9)

    assert browser.open(back).outcome == "connected"


@pytest.mark.parametrize("query", [{}, {"code": "c"}, {"code": "c", "state": "s"}, {"error": "no"}])
def test_an_answer_to_nothing(rig: Rig, browser: Browser, query: dict[str, str]) -> None:
    page = browser.open(f"{rig.url}/oauth/google/callback?{urlencode(query)}")

    assert (page.status, page.outcome) == (400, "unknown")
    assert written(rig) == NOTHING


def test_an_answer_of_the_other_provider(rig: Rig, browser: Browser) -> None:
    """Mix-up: the attempt names the provider that may answer it."""
    parts = urlsplit(browser.click(browser.start("google"), email=ANN))
    page = browser.open(f"{rig.url}/oauth/microsoft/callback?{parts.query}")

    assert page.outcome == "unknown"
    assert unused(rig) == 1
    assert written(rig) == NOTHING


def test_what_the_query_says_is_shown_as_text(browser: Browser) -> None:
    asked = query_of(browser.start("google"))
    query = {"state": asked["state"], "error": "<script>", "error_description": "<img src=x>"}
    page = browser.open(f"{asked['redirect_uri']}?{urlencode(query)}")

    assert page.outcome == "declined"
    assert "<script>" not in page.text
    assert "<img" not in page.text


def test_looking_uses_nothing_up(rig: Rig, browser: Browser) -> None:
    back = browser.click(browser.start("google"), email=ANN)

    assert browser.http.head(back).status_code == 405
    assert unused(rig) == 1
    assert browser.open(back).outcome == "connected"


@pytest.mark.parametrize("path", ["google", "microsoft", "caldav"])
def test_nobody_starts_for_somebody_else(rig: Rig, browser_of: MakeBrowser, path: str) -> None:
    stranger = Browser(rig.url)
    ben = browser_of(BEN)
    (ann,) = rig.service.database.call("find_or_add_person", email=ANN)
    body = {"user_id": ann["user_id"]}
    if path == "caldav":
        body |= {"server": rig.google.url, "username": "u", "password": "p"}

    assert stranger.call("POST", f"accounts/connect/{path}", body).status_code == 401
    assert ben.call("POST", f"accounts/connect/{path}", body).status_code == 403
    assert rig.count("calsync_private.oauth_flows") == 0
    stranger.http.close()


def test_attempts_are_forgotten_a_day_after_their_end(rig: Rig, browser: Browser) -> None:
    browser.start("google")
    rig.later(hours=24)
    _retain(rig)
    assert rig.count("calsync_private.oauth_flows") == 1
    rig.later(minutes=11)
    _retain(rig)
    assert rig.count("calsync_private.oauth_flows") == 0


def _retain(rig: Rig) -> None:
    rig.service.database.call("drop_expired_partitions", notification_days=30, log_days=90)
