"""`calsync connect google`: the browser comes back to a loopback port, or its URL is pasted."""

import io
import socket
import subprocess
import threading
from contextlib import AbstractContextManager
from urllib.parse import urlencode

import httpx
import pytest

from shared.cli.loopback import answer_of, wait_for_redirect
from shared.errors import InvalidRequest
from tests.cli.conftest import ANN, BEN, Run
from tests.cli.connecting import click, connecting, free_redirect_uri, listens
from tests.support.rig import Rig


@pytest.fixture
def redirect_uri() -> str:
    return free_redirect_uri("google")


def _connecting(
    rig: Rig, redirect_uri: str, *options: str
) -> AbstractContextManager[tuple[str, subprocess.Popen[str]]]:
    variables = {**rig.environment, "GOOGLE_REDIRECT_URI": redirect_uri}
    return connecting(variables, "google", ANN, *options)


def test_a_click_connects_the_account(rig: Rig, redirect_uri: str) -> None:
    with _connecting(rig, redirect_uri, "--json") as (url, process):
        assert "code_challenge_method=S256" in url
        rig.until(lambda: listens(redirect_uri))
        assert "Thank you" in click(url, email=ANN).text
        out, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, complaint
    assert ANN in out
    (account,) = rig.rows("calendar_accounts")
    assert (account["email"], account["status"]) == (ANN, "active")
    assert rig.count("calendar_sync_states") == 1


def test_a_person_who_says_no(rig: Rig, redirect_uri: str) -> None:
    with _connecting(rig, redirect_uri) as (url, process):
        rig.until(lambda: listens(redirect_uri))
        click(url, deny="1")
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Access was not granted: access_denied" in complaint
    assert rig.count("calendar_accounts") == 0


def test_too_narrow_a_consent_is_refused(rig: Rig, redirect_uri: str) -> None:
    with _connecting(rig, redirect_uri) as (url, process):
        rig.until(lambda: listens(redirect_uri))
        click(url, email=BEN, granted="openid")
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Access was granted only in part" in complaint


def test_nobody_comes_back(rig: Rig, redirect_uri: str) -> None:
    with _connecting(rig, redirect_uri, "--timeout", "0.2") as (_, process):
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Nobody came back" in complaint


def test_google_must_be_configured(run: Run, rig: Rig) -> None:
    result = run("connect", "google", "--person", ANN, **rig.environment | {"GOOGLE_CLIENT_ID": ""})
    assert result.exit_code == 2
    assert "GOOGLE_CLIENT_ID" in result.stderr


def test_a_pasted_url_is_as_good(redirect_uri: str) -> None:
    url = f"{redirect_uri}?{urlencode({'state': 's', 'code': 'c'})}"
    pasted = wait_for_redirect(redirect_uri, io.StringIO(f"\n{url}\n"), 5)
    assert answer_of(pasted, "s")["code"] == "c"


def test_pasting_works_where_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        uri = f"http://127.0.0.1:{taken.getsockname()[1]}/oauth"
        assert wait_for_redirect(uri, io.StringIO("pasted\n"), 5) == "pasted\n"
        with pytest.raises(InvalidRequest, match="Nobody can listen"):
            wait_for_redirect(uri, None, 5)


@pytest.mark.parametrize("uri", ["https://calsync.example/oauth", "http://calsync.example/oauth"])
def test_another_machine_is_not_listened_on(uri: str) -> None:
    with pytest.raises(InvalidRequest, match="paste the URL"):
        wait_for_redirect(uri, None, 5)


def test_only_the_redirect_path_counts(redirect_uri: str) -> None:
    arrived: list[str] = []
    waiting = threading.Thread(
        target=lambda: arrived.append(wait_for_redirect(redirect_uri, None, 10))
    )
    waiting.start()
    base = redirect_uri.removesuffix("/oauth/google")
    while not listens(redirect_uri):
        continue
    assert httpx.get(f"{base}/favicon.ico").status_code == 404
    assert httpx.get(f"{redirect_uri}?code=c&state=s").status_code == 200
    waiting.join()
    assert arrived == ["/oauth/google?code=c&state=s"]


@pytest.mark.parametrize("query", ["code=c", "code=c&state=other", ""])
def test_a_redirect_of_another_attempt_is_refused(query: str) -> None:
    with pytest.raises(InvalidRequest, match="not of this attempt"):
        answer_of(f"http://127.0.0.1/oauth?{query}", "mine")
