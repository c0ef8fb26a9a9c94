"""The operators' queries of sql/monitoring/, and those of the old system, on known contents."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.support.known_contents import Known, fill
from tests.support.postgres import REPOSITORY, database

MONITORING = REPOSITORY / "sql" / "monitoring"
FILES = sorted(MONITORING.glob("*.sql"), key=lambda path: path.name)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 3, 10), date(2026, 3, 9)
ADA, BOB = "ada@example.com", "bob@example.com"
REPAIR = "polling_and_repair"
HEARD, SILENT = "push was heard or verified lately", "push has been silent for too long"
GIVEN_UP = "push was given up after 10 failures"

Rows = list[tuple[Any, ...]]
Filled = tuple[str, Known]
Opened = tuple[psycopg.Connection, Known]


def hours(number: float) -> datetime:
    """Noon and so many hours."""
    return NOON + timedelta(hours=number)


# What each file answers to an operator who sees everybody; ids of people and calendars left out.
EXPECTED: dict[str, Rows] = {
    "webhook_activity": [
        ("Club", ADA, "polling", GIVEN_UP, False, 10, None, None, hours(-48), 0, 0),
        ("Home", ADA, REPAIR, SILENT, True, 2, hours(-9), hours(-7), hours(-7), 0, 0),
        ("Shop", BOB, "webhook", HEARD, True, 0, hours(-3), None, None, 1, 0),
        ("Work", ADA, "webhook", HEARD, True, 0, hours(-1 / 6), None, hours(-7), 3, 1),
    ],
    "polling_efficiency": [
        (YESTERDAY, 10, 2, 8, 80.0),
        (TODAY, 4, 1, 3, 75.0),
        (None, 14, 3, 11, 78.6),
    ],
    "sync_performance": [
        ("full", 2, 0, 0, 20.0, 4.5, 0.0, 1.0, 1000, 1000),
        ("incremental", 4, 2, 0, 1.3, 0.0, 1.0, 1.0, 1000, 3550),
        ("webhook", 4, 0, 0, 5.0, 1.5, 0.8, 1.8, 1500, 2850),
    ],
    "webhook_vs_polling_detection": [("webhook", 4, 10, 62.5), ("polling", 3, 6, 37.5)],
    "expiring_soon": [
        ("Shop", BOB, "active", hours(10), 10.0, hours(11), False, "channel"),
        ("Home", ADA, "active", hours(20), 20.0, hours(1), True, "channel"),
    ],
    "failing_most": [
        ("Club", ADA, "active", 2, 3, 66.7, 8, "network", "No answer within 30 s", hours(-1), 10)
    ],
    "latency": [
        (TODAY, "push", 4, 5.0, 9.4, 9.88, 1.43),
        (TODAY, "polling", 1, 3604.0, 3604.0, 3604.0, None),
    ],
    "api_call_savings": [(TODAY, 9, 288, 96.9), (YESTERDAY, 24, 864, 97.2)],
    "dead_letters": [
        ("Club", ADA, "network", "No answer within 30 s", 8, hours(-24), hours(5), hours(-48))
    ],
    "leaks": [("Shop", "not stopped", "retiring", 4, "server_error", hours(24), "leaked")],
}


@pytest.fixture(scope="module")
def server(
    postgres_server_url: str, _template: str, database_name: str
) -> Callable[[str], AbstractContextManager[str]]:
    """Opens a migrated database by the end of its name. The tests here only read."""
    return lambda end: database(postgres_server_url, f"{database_name}_{end}", _template)


@pytest.fixture(scope="module")
def noon_database(server: Callable[[str], AbstractContextManager[str]]) -> Iterator[Filled]:
    """The known contents as of noon."""
    with server("noon") as url, psycopg.connect(url) as connection:
        yield url, fill(connection, NOON)


@pytest.fixture(scope="module")
def real_database(server: Callable[[str], AbstractContextManager[str]]) -> Iterator[Filled]:
    """The known contents as of the real now."""
    with server("real") as url, psycopg.connect(url) as connection:
        yield url, fill(connection, datetime.now(UTC))


@pytest.fixture
def at_noon(noon_database: Filled) -> Iterator[Opened]:
    """The known contents opened by an operator, with the clock of the database standing at noon."""
    url, known = noon_database
    with psycopg.connect(url, options=f"-c calsync.now={NOON.isoformat()}") as connection:
        yield connection, known


@pytest.fixture
def for_real(real_database: Filled) -> Iterator[Opened]:
    """The known contents opened by an operator, on the real clock."""
    url, known = real_database
    with psycopg.connect(url) as connection:
        yield connection, known


def ask(connection: psycopg.Connection, path: Path) -> Rows:
    """Runs a file; numbers compare with floats, ids are left out."""
    rows = connection.execute(path.read_bytes()).fetchall()
    return [tuple(map(_plain, drop_ids(row))) for row in rows]


def drop_ids(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value for value in row if not isinstance(value, UUID))


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def become(connection: psycopg.Connection, role: str, person: UUID | None = None) -> None:
    """Goes on as a role of the REST interface, and as the person of a JWT."""
    claims = f'{{"sub": "{person}", "role": "{role}"}}' if person else ""
    connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
    connection.execute(psycopg.sql.SQL("set role {}").format(psycopg.sql.Identifier(role)))


def test_every_query_is_expected_here() -> None:
    assert {path.stem for path in FILES} == set(EXPECTED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_figures(path: Path, at_noon: Opened) -> None:
    connection, _ = at_noon
    assert ask(connection, path) == EXPECTED[path.stem]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_service_role_sees_the_same(path: Path, at_noon: Opened) -> None:
    connection, _ = at_noon
    become(connection, "service_role")
    assert ask(connection, path) == EXPECTED[path.stem]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_person_sees_their_own_rows_alone(path: Path, at_noon: Opened) -> None:
    connection, known = at_noon
    everybody = EXPECTED[path.stem]
    become(connection, "authenticated", known.ada)
    ada = ask(connection, path)
    become(connection, "authenticated", known.bob)
    bob = ask(connection, path)
    if any(row[0] in ("Work", "Home", "Club", "Shop") for row in everybody):
        assert ada == [row for row in everybody if row[0] != "Shop"]
        assert bob == [row for row in everybody if row[0] == "Shop"]
    else:
        assert ada != everybody
        assert bob != everybody


def test_a_persons_own_savings(at_noon: Opened) -> None:
    connection, known = at_noon
    become(connection, "authenticated", known.bob)
    assert ask(connection, MONITORING / "api_call_savings.sql") == [(YESTERDAY, 11, 288, 96.2)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_who_has_nothing_sees_nothing(path: Path, at_noon: Opened) -> None:
    connection, _ = at_noon
    become(connection, "authenticated", uuid4())
    sums = [(None, None, None, None, None)] if path.stem == "polling_efficiency" else []
    assert ask(connection, path) == sums


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_says_what_to_look_for_and_what_to_do(path: Path) -> None:
    comment = [line for line in path.read_text().splitlines() if line.startswith("--")]
    assert "?" in comment[0]
    assert any(line.startswith("-- Look for: ") for line in comment)
    assert any(line.startswith("-- Do: ") for line in comment)


# What operators of the old system type, on the real clock as theirs was.


def test_old_query_of_the_webhook_status(for_real: Opened) -> None:
    connection, known = for_real
    rows = connection.execute(
        """
        SELECT user_id, last_webhook_received, last_poll_at, webhook_failures, is_active
        FROM calendar_webhooks
        WHERE is_active = true
        """
    ).fetchall()
    now = connection.execute("SELECT max(created_at) + interval '5 s' FROM calendar_sync_logs")
    (filled_at,) = now.fetchone() or ()

    def age(instant: datetime | None) -> float | None:
        return None if instant is None else round((filled_at - instant).total_seconds() / 60)

    assert {(row[0], age(row[1]), age(row[2]), row[3], row[4]) for row in rows} == {
        (known.ada, 10, 7 * 60, 0, True),
        (known.ada, 9 * 60, 7 * 60, 2, True),
        (known.bob, 3 * 60, None, 0, True),
    }


def test_old_query_of_polling_efficiency(for_real: Opened) -> None:
    connection, _ = for_real
    row = connection.execute(
        """
        SELECT COUNT(*) AS total_polls,
               COUNT(*) FILTER (WHERE last_poll_at IS NOT NULL) AS actual_polls,
               ROUND(COUNT(*) FILTER (WHERE last_poll_at IS NOT NULL) * 100.0 / COUNT(*), 2)
                 AS efficiency_percent
        FROM calendar_webhooks
        WHERE created_at > NOW() - INTERVAL '7 days'
        """
    ).fetchone()
    assert row == (3, 2, Decimal("66.67"))


def test_old_query_of_sync_performance(for_real: Opened) -> None:
    connection, _ = for_real
    rows = connection.execute(
        """
        SELECT sync_type, COUNT(*) AS sync_count, AVG(events_processed) AS avg_events_processed,
               AVG(meetings_created) AS avg_meetings_created,
               AVG(meetings_updated) AS avg_meetings_updated
        FROM calendar_sync_logs
        WHERE created_at > NOW() - INTERVAL '7 days'
        GROUP BY sync_type
        """
    ).fetchall()
    assert {row[0]: tuple(map(_plain, row[1:])) for row in rows} == {
        "webhook": (5, 4.0, 1.2, 0.6),  # the one that runs counts, too
        "incremental": (4, 1.25, 0.0, 1.0),
        "full": (2, 20.0, 4.5, 0.0),
    }


def test_old_query_of_detection(for_real: Opened) -> None:
    connection, _ = for_real
    rows = connection.execute(
        """
        SELECT 'webhook' AS source, COUNT(*) AS events_processed
        FROM calendar_sync_logs
        WHERE sync_type = 'webhook' AND created_at > NOW() - INTERVAL '7 days'
        UNION ALL
        SELECT 'polling' AS source, COUNT(*) AS events_processed
        FROM calendar_sync_logs
        WHERE sync_type IN ('incremental', 'full') AND created_at > NOW() - INTERVAL '7 days'
        """
    ).fetchall()
    assert dict(rows) == {"webhook": 5, "polling": 6}
