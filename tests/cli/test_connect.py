"""`calsync connect google`: the browser comes back to a loopback port, or its URL is pasted."""

import io
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest

from shared.cli.loopback import code_of, wait_for_redirect
from shared.errors import InvalidRequest
from tests.cli.conftest import ANN, BEN, Run
from tests.support.postgres import REPOSITORY
from tests.support.rig import Rig


@contextmanager
def connecting(
    rig: Rig, redirect_uri: str, *options: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command at work, and the URL that it asked to open."""
    command = [sys.executable, "-m", "shared.cli", "connect", "google", "--person", ANN, *options]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**rig.environment, "GOOGLE_REDIRECT_URI": redirect_uri},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert process.stderr.readline() == "Open this and say yes:\n"
        url = process.stderr.readline().strip()
        process.stderr.readline()
        yield url, process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def redirect_uri() -> str:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/oauth/google"


def _consent(url: str, **form: str) -> httpx.Response:
    """A click in a browser, which follows where it is sent."""
    return httpx.post(url, data=form, follow_redirects=True)


def test_a_click_connects_the_account(rig: Rig, redirect_uri: str) -> None:
    with connecting(rig, redirect_uri, "--json") as (url, process):
        assert "code_challenge_method=S256" in url
        rig.until(lambda: _listens(redirect_uri))
        assert "Thank you" in _consent(url, email=ANN).text
        out, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, complaint
    assert ANN in out
    (account,) = rig.rows("calendar_accounts")
    assert (account["email"], account["status"]) == (ANN, "active")
    assert rig.count("calendar_sync_states") == 1


def test_a_person_who_says_no(rig: Rig, redirect_uri: str) -> None:
    with connecting(rig, redirect_uri) as (url, process):
        rig.until(lambda: _listens(redirect_uri))
        _consent(url, deny="1")
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Access was not granted: access_denied" in complaint
    assert rig.count("calendar_accounts") == 0


def test_too_narrow_a_consent_is_refused(rig: Rig, redirect_uri: str) -> None:
    with connecting(rig, redirect_uri) as (url, process):
        rig.until(lambda: _listens(redirect_uri))
        _consent(url, email=BEN, granted="openid")
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Access was granted only in part" in complaint


def test_nobody_comes_back(rig: Rig, redirect_uri: str) -> None:
    with connecting(rig, redirect_uri, "--timeout", "0.2") as (_, process):
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Nobody came back" in complaint


def test_google_must_be_configured(run: Run, rig: Rig) -> None:
    result = run("connect", "google", "--person", ANN, **rig.environment | {"GOOGLE_CLIENT_ID": ""})
    assert result.exit_code == 2
    assert "GOOGLE_CLIENT_ID" in result.stderr


def test_a_pasted_url_is_as_good(redirect_uri: str) -> None:
    url = f"{redirect_uri}?{urlencode({'state': 's', 'code': 'c'})}"
    assert code_of(wait_for_redirect(redirect_uri, io.StringIO(f"\n{url}\n"), 5), "s") == "c"


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
    while not _listens(redirect_uri):
        continue
    assert httpx.get(f"{base}/favicon.ico").status_code == 404
    assert httpx.get(f"{redirect_uri}?code=c&state=s").status_code == 200
    waiting.join()
    assert arrived == ["/oauth/google?code=c&state=s"]


@pytest.mark.parametrize("query", ["code=c", "code=c&state=other", ""])
def test_a_redirect_of_another_attempt_is_refused(query: str) -> None:
    with pytest.raises(InvalidRequest, match="not of this attempt"):
        code_of(f"http://127.0.0.1/oauth?{query}", "mine")


def _listens(uri: str) -> bool:
    parts = httpx.URL(uri)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((parts.host, parts.port or 80)) == 0
