"""`calsync accounts disconnect`, and `calsync connect` beside a server that has its port."""

import json
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from shared.cli import app
from shared.cli.loopback import free_uri
from tests.cli.connecting import click, connecting, listens
from tests.connect.conftest import ANN
from tests.support.program import free_port
from tests.support.rig import Rig


def run(rig: Rig, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env=rig.environment)


def test_an_account_is_disconnected_by_its_id(rig: Rig) -> None:
    rig.settled(ANN)
    (account,) = json.loads(run(rig, "accounts", "--json").stdout)
    told = run(rig, "accounts", "disconnect", account["id"], "--json")

    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {"account_id": account["id"], "status": "disconnected"}
    assert rig.count("audit_log", action="account.disconnect", actor="cli") == 1
    assert "disconnected (revoked)" in run(rig, "accounts").stdout
    assert run(rig, "accounts", "disconnect", account["id"]).stdout == "Disconnected.\n"


def test_what_must_wait_is_said(rig: Rig) -> None:
    rig.settled(ANN)
    (account,) = rig.rows("calendar_accounts")
    rig.google.fault("status", status=503, match={"path_regex": "/channels/stop$"})
    told = run(rig, "accounts", "disconnect", str(account["id"]))

    assert told.exit_code == 0
    assert "a worker goes on" in told.stdout


def test_an_account_that_nobody_has(rig: Rig) -> None:
    told = run(rig, "accounts", "disconnect", str(uuid4()))
    assert (told.exit_code, "No account" in told.stderr) == (1, True)


def test_connecting_waits_elsewhere_while_the_server_has_the_port(rig: Rig) -> None:
    """As beside `make run`: GOOGLE_REDIRECT_URI is the server's, and people come back there."""
    port = free_port()
    elsewhere = f"http://127.0.0.1:{port}/oauth/google/callback"
    variables = {**rig.environment, "OAUTH_PORT": str(port)}
    with connecting(variables, "google", ANN, "--json") as (url, process):
        rig.until(lambda: listens(elsewhere))
        assert "Thank you" in click(url, email=ANN).text
        out, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert ANN in out


@pytest.mark.parametrize("uri", ["https://calsync.example/oauth", "http://calsync.example:1/x"])
def test_an_address_elsewhere_stays(uri: str) -> None:
    assert free_uri(uri, 1) == uri


def test_a_free_port_is_kept() -> None:
    uri = f"http://localhost:{free_port()}/oauth"
    assert free_uri(uri, 1) == uri
