"""Connecting a CalDAV account over the API: the password is tried on a real server first."""

from collections.abc import Iterator

import pytest

from shared.errors import InvalidRequest
from shared.providers.public_network import require_public
from tests.connect.browser import Browser
from tests.connect.conftest import ANN as PERSON
from tests.connect.conftest import BEN, MakeBrowser, person
from tests.support.caldav_servers import ANN, PASSWORD, Radicale
from tests.support.rig import Rig


@pytest.fixture(scope="module")
def radicale() -> Iterator[Radicale]:
    """A real server; Ann has a calendar there."""
    with Radicale() as server:
        server.add_calendar("work")
        yield server


def test_a_password_connects_the_account(rig: Rig, browser: Browser, radicale: Radicale) -> None:
    body = {"server": radicale.url, "username": ANN, "password": PASSWORD}
    answer = browser.call("POST", "accounts/connect/caldav", body)

    assert answer.status_code == 200, answer.text
    (account,) = rig.rows("calendar_accounts")
    assert answer.json() == {"id": str(account["id"]), "provider": "caldav", "status": "active"}
    assert account["user_id"] == person(rig, PERSON)
    rig.drain()
    (state,) = rig.rows("calendar_sync_states")
    assert state["sync_token"] is not None
    assert rig.count("audit_log", action="account.connect", actor=f"user:{account['user_id']}") == 1


def test_it_is_disconnected_like_any_other(rig: Rig, browser: Browser, radicale: Radicale) -> None:
    body = {"server": radicale.url, "username": ANN, "password": PASSWORD}
    account_id = browser.call("POST", "accounts/connect/caldav", body).json()["id"]
    rig.drain()

    assert browser.call("DELETE", f"accounts/{account_id}").json()["status"] == "disconnected"
    assert rig.count("calsync_private.account_credentials") == 0
    assert rig.rows("calendar_accounts")[0]["status_reason"] == "not_revocable"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"password": "wrong"}, "app-specific password"),
        ({"server": "ftp://calendar.example"}, "https URL"),
        ({"server": "http://calendar.example"}, "use https"),
        ({"server": "https://u:p@calendar.example"}, "on their own"),
    ],
)
def test_what_does_not_work_is_not_stored(
    rig: Rig, browser: Browser, radicale: Radicale, changed: dict[str, str], told: str
) -> None:
    body = {"server": radicale.url, "username": ANN, "password": PASSWORD, **changed}
    answer = browser.call("POST", "accounts/connect/caldav", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert told in answer.json()["detail"]
    assert "wrong" not in answer.text
    assert rig.count("calendar_accounts") == 0


@pytest.mark.parametrize("field", ["server", "username", "password"])
def test_what_is_missing_or_too_long_is_named(browser: Browser, field: str) -> None:
    body = {"server": "icloud", "username": ANN, "password": "p"}
    for value in (None, "", "x" * 3000, 7):
        answer = browser.call("POST", "accounts/connect/caldav", body | {field: value})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == f"#/{field}"
        assert "x" * 100 not in answer.text


def test_an_account_of_somebody_else(rig: Rig, browser_of: MakeBrowser, radicale: Radicale) -> None:
    body = {"server": radicale.url, "username": ANN, "password": PASSWORD}
    assert browser_of(BEN).call("POST", "accounts/connect/caldav", body).status_code == 200
    answer = browser_of(PERSON).call("POST", "accounts/connect/caldav", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    assert {row["user_id"] for row in rig.rows("calendar_accounts")} == {person(rig, BEN)}


def test_by_default_nobody_has_us_knock_at_our_own_doors(
    rig: Rig, browser: Browser, radicale: Radicale
) -> None:
    rig.reopen(CALDAV_NETWORKS="public")
    body = {"server": radicale.url, "username": ANN, "password": PASSWORD}
    answer = browser.call("POST", "accounts/connect/caldav", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert "not on the public internet" in answer.json()["detail"]


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "localhost", "2130706433"),
    ],
)
def test_addresses_that_are_not_public(host: str) -> None:
    with pytest.raises(InvalidRequest, match="not on the public internet"):
        require_public(f"https://{host}/dav")


@pytest.mark.parametrize("host", ["17.248.1.1", "[2620:149::1]"])
def test_addresses_that_are(host: str) -> None:
    require_public(f"https://{host}/dav")


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(InvalidRequest, match="no server called"):
        require_public("https://calendar.invalid/")
