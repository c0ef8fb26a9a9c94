"""`calsync doctor`: each check passes where all is well, else it names what is wrong."""

import json
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet

from shared.cli.doctor.network import is_loopback
from shared.db.migrate import migrate
from tests.cli.conftest import ANN, Installation, Run
from tests.support import postgres

Checks = dict[str, dict[str, Any]]


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """A database that knows its migrations."""
    migrate(empty_database_url)
    return empty_database_url


def _checked(installed: Installation, **more: str) -> Checks:
    """The checks by name. Some failed exactly if the exit status is 1."""
    result = installed.run("doctor", "--json", **more)
    found: Checks = {check["name"]: check for check in json.loads(result.stdout)}
    failed = any(check["verdict"] == "failed" for check in found.values())
    assert result.exit_code == failed, result.output
    return found


def _failed(checks: Checks) -> set[str]:
    return {name for name, check in checks.items() if check["verdict"] == "failed"}


def test_all_is_well(installed: Installation) -> None:
    checks = _checked(installed)
    assert _failed(checks) == set()
    assert set(checks) == {
        *("settings", "WEBHOOK_SECRET", "CRON_SECRET", "webhook URL", "providers", "database"),
        *("migrations", "schema", "clock of the database", "clock of Google", f"account {ANN}"),
    }
    assert checks[f"account {ANN}"]["detail"] == "token valid, 1 calendars"


def test_what_people_see(installed: Installation) -> None:
    text = installed.run("doctor", WEBHOOK_SECRET="short").stdout
    assert "failed" in text
    assert "5 characters; use 32 random ones or more" in text


def test_short_and_shared_secrets(installed: Installation) -> None:
    webhook = installed.variables["WEBHOOK_SECRET"]
    assert "WEBHOOK_SECRET" in _failed(_checked(installed, WEBHOOK_SECRET="short"))
    assert "CRON_SECRET" in _failed(_checked(installed, CRON_SECRET=webhook))
    assert _checked(installed, CRON_SECRET="")["CRON_SECRET"]["verdict"] == "warning"


def test_missing_and_malformed_settings_end_the_checks(installed: Installation) -> None:
    checks = _checked(installed, SYNC_WORKERS="many")
    assert list(checks) == ["settings"]
    assert "SYNC_WORKERS" in checks["settings"]["detail"]


def test_webhook_url_must_answer_and_be_https(installed: Installation) -> None:
    silent = _checked(installed, WEBHOOK_BASE_URL="http://127.0.0.1:1")
    assert "is `calsync serve` running?" in silent["webhook URL"]["detail"]
    other = _checked(installed, WEBHOOK_BASE_URL=installed.rig.google.url)
    assert "answers 404, not 200" in other["webhook URL"]["detail"]


def test_plain_http_is_for_this_machine_only(installed: Installation) -> None:
    result = installed.run("doctor", "--json", WEBHOOK_BASE_URL="http://0.0.0.0:1")
    details = [check["detail"] for check in json.loads(result.stdout)]
    assert any("providers deliver to https only" in detail for detail in details)
    assert is_loopback("http://localhost:54321")
    assert is_loopback("http://[::1]/")
    assert not is_loopback("http://calsync.example")


def test_the_provider_of_an_account_must_be_configured(installed: Installation) -> None:
    assert "google" in _checked(installed)["providers"]["detail"]
    checks = _checked(installed, GOOGLE_CLIENT_ID="")
    assert "google" not in checks["providers"]["detail"]
    assert "provider_not_configured" in checks[f"account {ANN}"]["detail"]


def test_an_unreachable_database(installed: Installation) -> None:
    url = "postgresql://postgres@127.0.0.1:1/postgres?connect_timeout=1"
    assert "database" in _failed(_checked(installed, DATABASE_URL=url))


def test_an_empty_database_must_be_migrated(
    installed: Installation, postgres_server_url: str, database_name: str
) -> None:
    with postgres.database(postgres_server_url, database_name) as url:
        checks = _checked(installed, DATABASE_URL=url)
    assert _failed(checks) == {"migrations", "schema"}
    assert "run `calsync migrate`" in checks["migrations"]["detail"]


def test_a_database_clock_that_is_wrong(installed: Installation) -> None:
    url = f"{installed.variables['DATABASE_URL']}?options=-c%20calsync.now%3D2020-01-01"
    assert "clock of the database" in _failed(_checked(installed, DATABASE_URL=url))


def test_a_provider_that_cannot_be_reached(installed: Installation) -> None:
    checks = _checked(installed, GOOGLE_API_URL="http://127.0.0.1:1/calendar/v3/")
    assert {"clock of Google", f"account {ANN}"} <= _failed(checks)


def test_keys_that_do_not_open_the_credentials(installed: Installation) -> None:
    checks = _checked(installed, TOKEN_ENCRYPTION_KEYS=Fernet.generate_key().decode())
    assert "No key of TOKEN_ENCRYPTION_KEYS opens" in checks[f"account {ANN}"]["detail"]


def test_an_account_that_lets_nobody_in(installed: Installation) -> None:
    installed.rig.google.revoke(ANN)
    installed.rig.google.expire_access_tokens(email=ANN)
    assert "reauthorize" in _checked(installed)[f"account {ANN}"]["detail"]
    installed.run("poll", "--force")
    assert "must be reconnected" in _checked(installed)[f"account {ANN}"]["detail"]


def test_no_account_is_a_warning(installed: Installation) -> None:
    with psycopg.connect(installed.rig.database_url) as connection:
        connection.execute("delete from auth.users")
    assert _checked(installed)["accounts"]["verdict"] == "warning"


def test_new_keys_are_random_and_good(run: Run) -> None:
    first, second = (json.loads(run("doctor", "--new-key", "--json").stdout) for _ in range(2))
    assert set(first) == {"CRON_SECRET", "WEBHOOK_SECRET", "TOKEN_ENCRYPTION_KEYS"}
    assert not set(first.values()) & set(second.values())
    assert all(len(value) >= 32 for value in first.values())
    Fernet(first["TOKEN_ENCRYPTION_KEYS"])
    assert "CRON_SECRET=" in run("doctor", "--new-key").stdout
