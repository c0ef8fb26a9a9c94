"""`status`, `accounts`, `explain`, and what every command does when something is wrong."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.conftest import ANN, BEN, Installation, Run
from tests.support.rig import timed


def test_status_tells_method_reason_and_next_action(installed: Installation) -> None:
    result = installed.run("status")
    assert result.exit_code == 0
    for part in (ANN, "webhook", "push was heard or verified lately", "poll in", "0"):
        assert part in result.stdout
    assert str(installed.calendar) in result.stdout


def test_status_json_is_the_view(installed: Installation) -> None:
    (row,) = installed.json("status")
    assert row["calendar_id"] == str(installed.calendar)
    assert row["method"] == "webhook"


def test_status_of_one_person_by_email_of_their_account(installed: Installation) -> None:
    installed.rig.settled(BEN)
    assert len(installed.json("status")) == 2
    (row,) = installed.json("status", "--user", BEN.upper())
    assert row["account_email"] == BEN


def test_status_shows_failures_with_their_code(installed: Installation) -> None:
    installed.rig.google.revoke(ANN)
    installed.rig.google.expire_access_tokens(email=ANN)
    installed.run("poll", "--force")
    result = installed.run("status")
    assert "disabled" in result.stdout
    assert "the account must be reconnected" in result.stdout


def test_a_stranger_is_named(installed: Installation) -> None:
    result = installed.run("status", "--user", "nobody@example.test")
    assert result.exit_code == 1
    assert "Nobody is known as nobody@example.test" in result.stderr
    assert "Traceback" not in result.output


def test_accounts_lists_who_is_connected(installed: Installation) -> None:
    result = installed.run("accounts")
    assert ANN in result.stdout
    assert "active" in result.stdout
    assert str(installed.person) in result.stdout


def test_accounts_names_the_reason_of_a_lost_account(installed: Installation) -> None:
    installed.rig.google.revoke(ANN)
    installed.rig.google.expire_access_tokens(email=ANN)
    installed.run("poll", "--force")
    (row,) = installed.json("accounts")
    assert row["status"] == "needs_reauth"
    assert row["status_reason"] in " ".join(installed.run("accounts").stdout.split())


def test_explain_says_everything_in_sentences(installed: Installation) -> None:
    rig = installed.rig
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    text = installed.run("explain", str(installed.calendar)).stdout
    assert "Method: webhook, because push was heard or verified lately." in text
    assert "Next: poll in" in text
    assert "Last notification: " in text
    assert "Last notification: never" not in text
    assert "Lag: the last change was in the mirror after" in text
    assert "Subscription: active, channel" in text
    assert "webhook → webhook, 1 created" in text


def test_explain_tells_of_a_notification_that_waits(installed: Installation) -> None:
    rig = installed.rig
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    text = installed.run("explain", str(installed.calendar)).stdout
    assert "Lag: a notification waits to be served" in text


def test_explain_tells_errors_alerts_and_refusals(installed: Installation) -> None:
    rig = installed.rig
    rig.sql(
        "update calendar_sync_states set attempts = 3, last_error_code = 'backendError', "
        "last_error_message = 'Sorry', last_error_at = now(), webhook_failures = 2, dead_at = now()"
    )
    rig.sql(
        "insert into calendar_alerts (user_id, account_id, calendar_id, kind, severity, message, "
        "opened_at) select user_id, account_id, id, 'drift', 'high', 'It differs', now() "
        "from calendars"
    )
    rig.sql(
        "insert into refused_events (user_id, calendar_id, provider_event_id, reason, detail, "
        "etag, refused_at) select user_id, id, 'x', 'unknown_time_zone', 'Mars', '', now() "
        "from calendars"
    )
    text = installed.run("explain", str(installed.calendar)).stdout
    assert "Push failed 2 times in a row." in text
    assert "The last 3 syncs failed" in text
    assert "backendError: Sorry" in text
    assert "dead letter" in text
    assert "Refused: 1 events, unknown_time_zone." in text
    assert "Alert (high" in text


@pytest.mark.parametrize(
    ("push", "sentence"),
    [
        ("unsupported", "Subscription: none, the provider offers no push here."),
        ("given_up", "Subscription: given up; `calsync renew --calendar …` tries again."),
        ("turned_off", "Subscription: none, its person turned push off."),
    ],
)
def test_explain_says_why_there_is_no_push(
    installed: Installation, push: str, sentence: str
) -> None:
    installed.rig.sql("update calendar_sync_states set push = %(push)s", {"push": push})
    assert sentence in installed.run("explain", str(installed.calendar)).stdout


def test_explain_json_is_the_view(installed: Installation) -> None:
    row = installed.json("explain", str(installed.calendar))
    assert row["calendar_id"] == str(installed.calendar)
    assert row["refused_events"] == {}
    assert row["recent_syncs"][-1]["trigger"] == "initial"


@pytest.mark.parametrize("command", ["explain", "verify"])
def test_an_unknown_calendar_is_named(installed: Installation, command: str) -> None:
    stranger = str(uuid4())
    result = installed.run(command, stranger)
    assert result.exit_code == 1
    assert f"No calendar {stranger}; `calsync status` lists them" in result.stderr


def test_a_missing_setting_is_named_with_status_2(run: Run, tmp_path: Path) -> None:
    result = run("status", CALSYNC_HOME=str(tmp_path), WEBHOOK_SECRET="w" * 40)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output


def test_an_unreachable_database_is_one_red_line(installed: Installation) -> None:
    result = installed.run(
        "status", DATABASE_URL="postgresql://postgres@127.0.0.1:1/postgres?connect_timeout=1"
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("The database cannot be reached")
    assert len(result.stderr.strip().splitlines()) == 1


def test_beside_calsync_up_the_database_is_found(installed: Installation, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lines = [f"{name}={value}" for name, value in installed.variables.items()]
    (home / "running.env").write_text("\n".join(lines))
    result = Installation(
        installed.rig, {"CALSYNC_HOME": str(home)}, installed.person, installed.calendar
    ).run("status")
    assert result.exit_code == 0, result.output
    assert ANN in result.stdout
