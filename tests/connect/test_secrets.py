"""What passes through while an account is connected is in no log; tokens of the stand-in work."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.people import API, JWT_SECRET
from tests.connect.browser import Browser, query_of
from tests.connect.conftest import ANN, EMAILS
from tests.connect.test_connecting import PROVIDERS
from tests.support.caldav_servers import ANN as DAV_USER
from tests.support.caldav_servers import PASSWORD, Radicale
from tests.support.rig import Rig
from tests.support.sign_in import SignIn

CREDENTIALS = {"email": ANN, "password": "correct horse battery"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_log_holds_what_connects(
    rig: Rig, browser: Browser, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = browser.start(provider)
    cookies = list(browser.http.cookies.values())
    back = browser.click(page, email=EMAILS[provider])
    query = query_of(back)
    (flow,) = rig.rows("calsync_private.oauth_flows")
    secret: dict[str, Any] = rig.service.sealer.open(flow["sealed"])
    assert browser.open(back).outcome == "connected"
    browser.open(back)
    (row,) = rig.rows("calsync_private.account_credentials")
    token = rig.service.sealer.open(row["sealed"])["refresh_token"]
    said = capsys.readouterr().out

    assert "connect_ended" in said
    verifier = secret.get("verifier") or secret["code_verifier"]
    for planted in (*cookies, query["code"], query["state"], verifier, token, row["sealed"]):
        assert planted not in said


def test_no_log_holds_a_password(
    rig: Rig, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    with Radicale() as server:
        for password in (PASSWORD, "a wrong password"):
            body = {"server": server.url, "username": DAV_USER, "password": password}
            browser.call("POST", "accounts/connect/caldav", body)
    said = capsys.readouterr().out

    assert "post_accounts_connect_caldav" in said
    assert PASSWORD not in said
    assert "a wrong password" not in said


def test_our_own_trouble_has_a_page(rig: Rig, browser: Browser) -> None:
    back = browser.click(browser.start("google"), email=ANN)
    rig.service.database.close()
    page = browser.open(back)

    assert (page.status, page.outcome, page.again) == (503, "trouble", None)
    rig.reopen()
    assert browser.open(back).outcome == "connected"


@pytest.fixture(params=[(), ("--asymmetric",)], ids=["HS256", "ES256"])
def stand_in(request: pytest.FixtureRequest, rig: Rig) -> Iterator[SignIn]:
    """Supabase Auth, as `make run` has it."""
    with SignIn(rig.database_url, *request.param, secret=JWT_SECRET) as running:
        yield running


def test_who_signs_in_may_use_the_api(rig: Rig, stand_in: SignIn) -> None:
    """Each kind of token, by the keys that the stand-in publishes."""
    issuer = f"{stand_in.url}/auth/v1"
    rig.reopen(SUPABASE_URL=stand_in.url, SUPABASE_JWT_ISSUER=issuer)
    client = stand_in.client()
    client.auth.sign_up(CREDENTIALS)
    session = client.auth.get_session()
    assert session is not None
    headers = {"Authorization": f"Bearer {session.access_token}"}

    answer = httpx.get(f"{rig.url}{API}/accounts", headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    rig.reopen(SUPABASE_JWT_ISSUER="https://elsewhere.example/auth/v1")
    assert httpx.get(f"{rig.url}{API}/accounts", headers=headers, timeout=60).status_code == 401
