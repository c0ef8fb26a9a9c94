"""`migrate`, `poll`, `sync`, `renew`, `verify`, `dead-letters`."""

from uuid import UUID

import pytest

from shared.cli.sync import Mode
from tests.cli.conftest import ANN, BEN, Installation, Run
from tests.support.rig import timed


def test_migrate_builds_the_schema_and_then_has_nothing_to_do(
    run: Run, empty_database_url: str
) -> None:
    first = run("migrate", "--json", DATABASE_URL=empty_database_url)
    assert first.exit_code == 0, first.output
    assert "20261120000000" in first.stdout
    again = run("migrate", DATABASE_URL=empty_database_url)
    assert "The database is up to date." in again.stdout


def test_migrate_needs_postgres_itself(run: Run) -> None:
    result = run("migrate", SUPABASE_URL="http://127.0.0.1:1", SUPABASE_SERVICE_ROLE_KEY="k")
    assert result.exit_code == 2
    assert "DATABASE_URL is missing" in result.stderr


def test_poll_skips_healthy_push_and_force_does_not(installed: Installation) -> None:
    installed.rig.sql("update calendar_sync_states set last_webhook_received = now()")
    assert installed.json("poll", "--user", ANN)["skipped_calendars"] == 1
    forced = installed.json("poll", "--user", str(installed.person), "--force")
    assert (forced["polled"], forced["skipped_calendars"]) == (1, 0)


def test_poll_finds_a_change_that_was_not_announced(installed: Installation) -> None:
    rig = installed.rig
    rig.google.fault("drop_notification")
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    result = installed.run("poll", "--calendar", str(installed.calendar), "--force")
    assert result.exit_code == 0, result.output
    assert rig.titles() == ["Lunch"]


def test_poll_fails_where_the_provider_refuses(installed: Installation) -> None:
    installed.rig.google.revoke(ANN)
    installed.rig.google.expire_access_tokens(email=ANN)
    report = installed.json("poll", "--force", status=1)
    assert report["failed"] == 1
    assert report["errors"][0][0] == str(installed.calendar)


@pytest.mark.parametrize(
    ("mode", "skipped"),
    [(Mode.WEBHOOK_FALLBACK, 1), (Mode.POLLING_ONLY, 0), (Mode.FULL, 0)],
)
def test_sync_trusts_push_as_its_mode_says(
    installed: Installation, mode: Mode, skipped: int
) -> None:
    installed.rig.sql("update calendar_sync_states set last_webhook_received = now()")
    report = installed.json("sync", "--mode", mode)
    assert report["skipped_calendars"] == skipped
    assert report["polled"] == 1 - skipped


def test_sync_full_repairs_a_mirror_that_lost_a_row(installed: Installation) -> None:
    rig = installed.rig
    rig.google.create_events(ANN, [timed("Lunch", rig.now()), timed("Tea", rig.now())])
    installed.run("sync", "--mode", "polling-only")
    rig.sql("delete from calendar_events where summary = 'Tea'")
    assert installed.run("sync", "--mode", "polling-only").exit_code == 0
    assert rig.titles() == ["Lunch"]
    full = ("sync", "--mode", "full", "--calendar", str(installed.calendar))
    assert installed.json(*full)["created"] == 1
    assert rig.titles() == ["Lunch", "Tea"]


def test_sync_verbose_says_what_became_of_each_calendar(installed: Installation) -> None:
    installed.rig.sql("update calendar_sync_states set last_webhook_received = now()")
    skipped = installed.run("sync", "--verbose")
    assert f"{ANN}: skipped, push is healthy" in skipped.stderr
    done = installed.run("sync", "--verbose", "--mode", "polling-only")
    assert f"{ANN}: 0 created, 0 updated, 0 deleted" in done.stderr


def test_sync_verbose_names_the_error_of_a_calendar(installed: Installation) -> None:
    installed.rig.google.fault("status", status=500, reason="backendError")
    result = installed.run("sync", "--verbose", "--mode", "polling-only")
    installed.rig.google.clear_faults()
    assert result.exit_code == 1
    assert f"✗ {ANN}: " in result.stderr


def test_renew_of_a_calendar_replaces_its_subscription(installed: Installation) -> None:
    before = _channel(installed)
    report = installed.json("renew", "--calendar", str(installed.calendar))
    assert (report["due"], report["renewed"], report["failed"]) == (1, 1, 0)
    assert _channel(installed) != before


def test_renew_of_nothing_due_does_nothing(installed: Installation) -> None:
    before = _channel(installed)
    result = installed.run("renew")
    assert result.exit_code == 0
    assert _channel(installed) == before


def test_renew_fails_where_the_provider_refuses(installed: Installation) -> None:
    installed.rig.google.fault(
        "status", status=500, reason="backendError", match={"method": "events.watch"}
    )
    report = installed.json("renew", "--user", ANN, status=1)
    installed.rig.google.clear_faults()
    assert report["failed"] == 1


def test_verify_finds_no_drift_and_then_the_drift_that_is_planted(installed: Installation) -> None:
    rig = installed.rig
    rig.settled(BEN)
    rig.google.create_event(ANN, timed("Lunch", rig.now()))
    clean = installed.json("verify", "--all")
    assert [row["drift"] for row in clean] == [0, 0]
    rig.sql("update calendar_events set summary = 'Diner'")
    drifted = installed.json("verify", str(installed.calendar), status=1)
    assert [len(row["different"]) for row in drifted] == [1]
    assert "drift" in installed.run("verify", str(installed.calendar)).stdout


def test_verify_says_which_calendar_could_not_be_compared(installed: Installation) -> None:
    installed.rig.google.fault("status", status=403, reason="forbidden")
    (row,) = installed.json("verify", "--all", status=1)
    installed.rig.google.clear_faults()
    assert row["error"]


@pytest.mark.parametrize("arguments", [("verify",), ("dead-letters", "replay")])
def test_one_calendar_or_all_must_be_asked_for(
    installed: Installation, arguments: tuple[str, ...]
) -> None:
    result = installed.run(*arguments)
    assert result.exit_code == 1
    assert "Name one calendar, or use --all" in result.stderr


def test_dead_letters_are_listed_and_replayed(installed: Installation) -> None:
    assert "No dead letters." in installed.run("dead-letters").stdout
    _die(installed)
    (row,) = installed.json("dead-letters")
    assert row["last_error_code"] == "backendError"
    assert "backendError: Sorry" in installed.run("dead-letters").stdout
    replayed = installed.json("dead-letters", "replay", str(installed.calendar))
    assert replayed == {"replayed": [str(installed.calendar)]}
    assert installed.json("dead-letters") == []
    state = installed.rig.state(installed.calendar)
    assert (state["attempts"], state["due_reason"]) == (0, "manual")


def test_all_dead_letters_are_replayed(installed: Installation) -> None:
    _die(installed)
    assert len(installed.json("dead-letters", "replay", "--all")["replayed"]) == 1


def test_a_living_calendar_cannot_be_replayed(installed: Installation) -> None:
    result = installed.run("dead-letters", "replay", str(installed.calendar))
    assert result.exit_code == 1
    assert "is no dead letter" in result.stderr


def _die(installed: Installation) -> None:
    installed.rig.sql(
        "update calendar_sync_states set attempts = 9, dead_at = now(), last_error_at = now(), "
        "last_error_code = 'backendError', last_error_message = 'Sorry', "
        "due_at = now() + interval '6 hours'"
    )


def _channel(installed: Installation) -> UUID:
    (row,) = installed.rig.rows("webhook_subscriptions", status="active")
    channel: UUID = row["id"]
    return channel
