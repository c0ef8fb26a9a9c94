"""What passes through while an account is connected is in no log; tokens of the stand-in work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import API, JWT_SECRET
from tests.connect.browser import Browser, query_of
from tests.connect.conftest import ANN, EMAILS, person
from tests.connect.test_connecting import PROVIDERS
from tests.support.caldav_servers import ANN as DAV_USER
from tests.support.caldav_servers import PASSWORD, Radicale
from tests.support.program import Program, free_port
from tests.support.rig import Rig
from tests.support.sign_in import SignIn

CREDENTIALS = {"email": ANN, "password": "correct horse battery"}


def test_a_server_logs_nothing_that_connects(rig: Rig, tmp_path: Path) -> None:
    """A real one, with whatever its web server says."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    uris = {f"{name.upper()}_REDIRECT_URI": f"{base}/oauth/{name}/callback" for name in PROVIDERS}
    rig.reopen(WEBHOOK_BASE_URL=base, PORT=str(port), **uris)
    planted: list[str] = []
    with Program(tmp_path, rig.environment, "serve") as server, Radicale() as radicale:
        server.until(lambda: _answers(base))
        with Browser(base, person(rig, ANN)) as browser:
            for provider in PROVIDERS:
                planted += _connect(rig, browser, provider)
            for password in (PASSWORD, "a wrong password"):
                body = {"server": radicale.url, "username": DAV_USER, "password": password}
                browser.call("POST", "accounts/connect/caldav", body)
    for row in rig.rows("calsync_private.account_credentials"):
        opened = rig.service.sealer.open(row["sealed"])
        planted += [row["sealed"], opened.get("refresh_token", PASSWORD)]
    said = server.said()

    assert said.count("connect_ended") == 2
    assert "post_accounts_connect_caldav" in said
    assert [secret for secret in (*planted, PASSWORD, "a wrong password") if secret in said] == []


def _connect(rig: Rig, browser: Browser, provider: str) -> list[str]:
    """Connects, and answers twice; gives what nobody else may read."""
    back = browser.click(browser.start(provider), email=EMAILS[provider])
    cookies = list(browser.http.cookies.values())
    (flow,) = rig.rows("calsync_private.oauth_flows", consumed_at=None)
    secret: dict[str, Any] = rig.service.sealer.open(flow["sealed"])
    assert browser.open(back).outcome == "connected"
    browser.open(back)
    query = query_of(back)
    verifier = secret.get("verifier") or secret["code_verifier"]
    return [*cookies, query["code"], query["state"], verifier]


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


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
