"""What `calsync up` starts and sets, by what the user brings; its secrets, and its record."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import jwt
import pytest

from shared.cli.up.plan import Plan, Ports
from shared.cli.up.processes import last_line, rotate
from shared.cli.up.programs import STOPPING_ORDER, waves
from shared.cli.up.radicale import configured
from shared.cli.up.record import Record, command_line
from shared.cli.up.secrets import kept_secrets
from shared.config import read_settings
from tests.support.program import alive

PORTS = Ports(functions=1, rest=2, postgres=3, google=4, oauth=5, microsoft=6, caldav=7)
SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


def _plan(home: Path, **own: str) -> Plan:
    return Plan(home, PORTS, own, 0, None)


def test_by_default_everything_is_ours(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    variables = plan.variables(kept_secrets(tmp_path), "postgresql://ours")
    assert (plan.embeds_postgres, plan.emulates_google, plan.serves_rest) == (True, True, True)
    assert variables["DATABASE_URL"] == "postgresql://ours"
    assert variables["SUPABASE_URL"] == "http://127.0.0.1:2"
    assert variables["GOOGLE_API_URL"] == "http://127.0.0.1:4/calendar/v3/"
    assert variables["WEBHOOK_BASE_URL"] == "http://127.0.0.1:1"
    assert (plan.emulates_microsoft, plan.serves_caldav) == (True, True)
    microsoft = read_settings(variables).microsoft
    assert microsoft is not None
    assert microsoft.graph_url == "http://127.0.0.1:6/v1.0"
    assert microsoft.authority == "http://127.0.0.1:6/common"
    assert microsoft.redirect_uri == "http://127.0.0.1:1/oauth/microsoft/callback"
    assert read_settings(variables).oauth_port == 5


def test_what_the_user_sets_wins(tmp_path: Path) -> None:
    own = {"CRON_SECRET": "mine", "WEBHOOK_BASE_URL": "https://calsync.example"}
    variables = _plan(tmp_path, **own).variables(kept_secrets(tmp_path), None)
    assert {name: variables[name] for name in own} == own


def test_the_real_google_is_used_where_it_is_configured(tmp_path: Path) -> None:
    plan = _plan(tmp_path, GOOGLE_CLIENT_ID="me", GOOGLE_CLIENT_SECRET="secret")
    assert not plan.emulates_google
    assert "GOOGLE_API_URL" not in plan.variables(kept_secrets(tmp_path), None)


def test_the_real_microsoft_is_used_where_it_is_configured(tmp_path: Path) -> None:
    plan = _plan(tmp_path, MICROSOFT_CLIENT_ID="me", MICROSOFT_CLIENT_SECRET="secret")
    variables = plan.variables(kept_secrets(tmp_path), None)
    assert "MICROSOFT_GRAPH_URL" not in variables
    assert "microsoft" not in _names(plan, variables)


def test_radicale_runs_unless_it_is_turned_off(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    variables = plan.variables(kept_secrets(tmp_path), "postgresql://ours")
    on, off = _names(plan, variables), _names(replace(plan, wants_caldav=False), variables)
    assert set(on) - set(off) == {"radicale", "caldav-people"}
    assert set(on) == set(STOPPING_ORDER)


def test_only_its_owner_reads_the_password_of_radicale(tmp_path: Path) -> None:
    secrets = kept_secrets(tmp_path)
    configured(_plan(tmp_path), secrets)
    users = tmp_path / "radicale" / "users"
    assert users.stat().st_mode & 0o777 == 0o600
    assert users.read_text() == f"ann@example.test:{secrets['CALDAV_DEMO_PASSWORD']}\n"


def test_passwords_are_in_no_command_line(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    secrets = kept_secrets(tmp_path)
    for program in chain(*waves(plan, plan.variables(secrets, "postgresql://ours"))):
        assert not set(secrets.values()) & set(program.command)
        assert secrets["CALDAV_DEMO_PASSWORD"] not in repr(program)


def _names(plan: Plan, variables: Mapping[str, str]) -> list[str]:
    return [program.name for program in chain(*waves(plan, variables))]


def test_a_project_of_the_users_never_sees_our_keys(tmp_path: Path) -> None:
    plan = _plan(tmp_path, SUPABASE_URL="https://project.supabase.co")
    variables = plan.variables(kept_secrets(tmp_path), None)
    assert (plan.embeds_postgres, plan.serves_rest) == (False, False)
    assert [name for name in variables if name.startswith("SUPABASE_")] == ["SUPABASE_URL"]


def test_keys_are_signed_with_the_users_secret(tmp_path: Path) -> None:
    secret = "a-jwt-secret-of-the-user-that-is-long-enough"
    plan = _plan(tmp_path, SUPABASE_JWT_SECRET=secret)
    key = plan.variables(kept_secrets(tmp_path), None)["SUPABASE_SERVICE_ROLE_KEY"]
    assert jwt.decode(key, secret, ["HS256"])["role"] == "service_role"


def test_beside_us_only_settings_are_told(tmp_path: Path) -> None:
    plan = _plan(tmp_path, PATH="/bin", MY_TOKEN="private", GOOGLE_CLIENT_ID="me")
    told = plan.settings(kept_secrets(tmp_path), "postgresql://ours")
    assert told["GOOGLE_CLIENT_ID"] == "me"
    assert not {"PATH", "MY_TOKEN"} & set(told)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    first = kept_secrets(tmp_path)
    assert kept_secrets(tmp_path) == first
    (tmp_path / "dev.env").unlink()
    assert not set(kept_secrets(tmp_path).values()) & set(first.values())


def test_a_secret_that_was_removed_is_made_again(tmp_path: Path) -> None:
    first = kept_secrets(tmp_path)
    path = tmp_path / "dev.env"
    lines = [line for line in path.read_text().splitlines() if "JWT_SECRET" not in line]
    path.write_text("\n".join(lines))
    again = kept_secrets(tmp_path)
    assert again["CRON_SECRET"] == first["CRON_SECRET"]
    key = again["SUPABASE_ANON_KEY"]
    assert jwt.decode(key, again["SUPABASE_JWT_SECRET"], ["HS256"])["role"] == "anon"


def test_leftovers_are_ended_and_strangers_are_spared(tmp_path: Path) -> None:
    record = Record(tmp_path / "processes.json")
    with (
        subprocess.Popen(SLEEP, start_new_session=True) as ours,
        subprocess.Popen(SLEEP, start_new_session=True) as stranger,
    ):
        try:
            record.note("ours", ours.pid, command_line(ours.pid))
            record.note("stranger", stranger.pid, ["another", "command"])
            record.end_leftovers()
            assert ours.wait(5) != 0
            assert alive(stranger.pid)
        finally:
            stranger.kill()
            ours.kill()


def test_a_spoilt_record_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    path.write_text("{")
    Record(path).end_leftovers()
    assert path.read_text() == "{}"


def test_the_command_line_of_nobody_is_empty() -> None:
    gone = subprocess.Popen((sys.executable, "-c", ""))
    gone.wait()
    assert command_line(gone.pid) == []
    assert command_line(os.getpid()) != []


@pytest.mark.parametrize(("size", "rotated"), [(10, False), (5_000_001, True)])
def test_large_logs_are_put_aside(tmp_path: Path, size: int, rotated: bool) -> None:
    log = tmp_path / "functions.log"
    log.write_bytes(b"x" * size)
    rotate(log)
    assert (tmp_path / "functions.old.log").exists() is rotated
    assert log.exists() is not rotated


def test_last_words(tmp_path: Path) -> None:
    log = tmp_path / "functions.log"
    log.write_text("one\ntwo\n\n")
    assert last_line(log) == "two"
    log.write_text("")
    assert last_line(log) == "it said nothing"
