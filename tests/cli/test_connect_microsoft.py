"""`calsync connect microsoft`: the same steps as for Google, by MSAL."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.cli.conftest import ANN, Run
from tests.cli.connecting import click, connecting, free_redirect_uri, listens
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

OUTLOOK = "ann@outlook.test"


@pytest.fixture
def microsoft(microsoft_process: MicrosoftEmulator) -> MicrosoftEmulator:
    """The emulator with Ann in it."""
    microsoft_process.reset()
    microsoft_process.add_person(OUTLOOK, "Ann")
    microsoft_process.add_calendar(OUTLOOK, "Choir")
    return microsoft_process


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator, microsoft: MicrosoftEmulator) -> Iterator[Rig]:
    """An installation without workers."""
    with Rig(database_url, google, microsoft) as opened:
        yield opened


@pytest.fixture
def redirect_uri() -> str:
    return free_redirect_uri("microsoft")


def _connecting(
    rig: Rig, redirect_uri: str, *options: str
) -> AbstractContextManager[tuple[str, subprocess.Popen[str]]]:
    variables = {**rig.environment, "MICROSOFT_REDIRECT_URI": redirect_uri}
    return connecting(variables, "microsoft", ANN, *options)


def test_a_click_connects_the_account(rig: Rig, redirect_uri: str) -> None:
    with _connecting(rig, redirect_uri, "--json") as (url, process):
        assert "code_challenge_method=S256" in url
        rig.until(lambda: listens(redirect_uri))
        assert "Thank you" in click(url, email=OUTLOOK).text
        out, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, complaint
    assert "Choir" in out
    (account,) = rig.rows("calendar_accounts")
    assert (account["email"], account["status"]) == (OUTLOOK, "active")
    assert account["provider"] == "microsoft"
    assert rig.count("calendar_sync_states") == 2


def test_the_account_belongs_to_the_person_that_was_named(rig: Rig, redirect_uri: str) -> None:
    person = rig.connect(ANN)
    with _connecting(rig, redirect_uri) as (url, process):
        rig.until(lambda: listens(redirect_uri))
        click(url, email=OUTLOOK)
        process.communicate(timeout=30)
    owners = {row["user_id"] for row in rig.rows("calendar_accounts")}
    assert owners == {person}
    assert rig.count("calendar_accounts") == 2


def test_a_person_who_says_no(rig: Rig, redirect_uri: str) -> None:
    with _connecting(rig, redirect_uri) as (url, process):
        rig.until(lambda: listens(redirect_uri))
        click(url, deny="1")
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Access was not granted: access_denied" in complaint
    assert rig.count("calendar_accounts") == 0


def test_microsoft_must_be_configured(run: Run, rig: Rig) -> None:
    variables = rig.environment | {"MICROSOFT_CLIENT_ID": ""}
    result = run("connect", "microsoft", "--person", ANN, **variables)
    assert result.exit_code == 2
    assert "MICROSOFT_CLIENT_ID" in result.stderr
