"""With many rows, what runs often reads few of them: counted by Postgres as each statement runs.

Counting, unlike EXPLAIN, sees through functions; each statement is run until its plan is cached.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shared.db.migrate import migrate
from tests.support import postgres

#: No statement below may read more rows of one table; the tables hold 10,000 to 30,000.
FEW = 2000
#: plpgsql settles on a cached plan after five runs.
RUNS = 7

PERSON = "md5('person 123')::uuid"
CALENDAR = "md5('calendar 123 1')::uuid"
CHANNEL = f"md5({CALENDAR}::text || 'active')"
EMPTY_PAGE = """'{"events": [], "deletions": [], "refusals": []}'"""
LAST_PAGE = """'{"api_calls": 1, "cursor": "next", "next_due_seconds": 900}'"""
CLAIM = f"claim_due_calendars('worker', 10, 60, p_user_id => {PERSON}, p_calendar_id => {CALENDAR})"

STATEMENTS = {
    "claim what is due": "select * from claim_due_calendars('worker', 10, 60)",
    "claim one calendar": f"select * from {CLAIM}",
    "sync without changes": f"""
        select make_due({PERSON}, {CALENDAR}, 'manual');
        select apply_changes({PERSON}, {CALENDAR}, lease_token, {EMPTY_PAGE}, {LAST_PAGE})
        from {CLAIM}""",
    "a sync fails": f"""
        select make_due({PERSON}, {CALENDAR}, 'manual');
        select settle_failed_sync({PERSON}, {CALENDAR}, lease_token, 'quota', 60, false, '', '', 1)
        from {CLAIM}""",
    "a webhook": f"""
        select record_notification({CALENDAR}, {CHANNEL}, 'resource', 'exists', 77)""",
    "a repeated webhook": f"""
        select record_notification({CALENDAR}, {CHANNEL}, 'resource', 'exists', 2)""",
    "a webhook of an unknown channel": f"""
        select record_notification({CALENDAR}, 'unknown', 'resource', 'exists', 1)""",
    "a webhook for an unknown calendar": """
        select record_notification(gen_random_uuid(), 'unknown', 'resource', 'exists', 1)""",
    "claim subscriptions": "select * from claim_due_subscriptions(10)",
    "claim stops": "select * from claim_due_stops(10)",
    "expire": "select * from expire_subscriptions()",
    "discover": "select * from claim_due_accounts(10)",
    "slide windows": """
        select slide_windows(calsync_now(), calsync_now() + interval '365 days', 10)""",
    "poll one calendar": f"select * from request_polls(0, 'manual', 1, {PERSON}, {CALENDAR})",
    "reset a calendar": f"select * from reset_calendar({PERSON}, {CALENDAR})",
    "series to expand": "select * from series_to_expand order by calendar_id, event_id limit 50",
    "what is due": "select * from due_summary",
    "plan busy blocks without changes": f"select * from plan_busy_blocks({PERSON}, {CALENDAR})",
    "plan busy blocks after a sync": f"""
        select * from plan_busy_blocks({PERSON}, {CALENDAR}, calsync_now(), calsync_now())""",
    "plan all busy blocks anew": f"""
        update busy_blocks set title = 'other' where user_id = {PERSON};
        select * from plan_busy_blocks({PERSON}, {CALENDAR})""",
    "plan busy blocks that are due": "select * from plan_due_busy_blocks(10)",
    "read before creating": "select * from make_rereads_due()",
    "remove the busy blocks of an account": f"select remove_blocks_of_account({PERSON}, {PERSON})",
    "pairs of a person": f"select * from busy_block_pairs where user_id = {PERSON}",
    "busy blocks of a calendar": f"""
        select * from busy_block_status where user_id = {PERSON} and target_calendar_id = {CALENDAR}
        order by ends_at limit 50""",
    "logs of a calendar": f"""
        select * from calendar_sync_logs where user_id = {PERSON} and calendar_id = {CALENDAR}
        order by created_at desc limit 20""",
    "the latest logs": "select * from calendar_sync_logs order by created_at desc limit 20",
    "notifications of a calendar": f"""
        select * from calendar_webhook_logs where user_id = {PERSON} and calendar_id = {CALENDAR}
        order by received_at desc limit 20""",
    "occurrences of a week": f"""
        select * from event_occurrences where user_id = {PERSON} and calendar_id = {CALENDAR}
          and start_at >= calsync_now() and start_at < calsync_now() + interval '7 days'""",
    "occurrences of a person": f"""
        select * from event_occurrences where user_id = {PERSON}
          and start_at >= calsync_now() and start_at < calsync_now() + interval '7 days'""",
    "events of a calendar": f"""
        select * from calendar_events where user_id = {PERSON} and calendar_id = {CALENDAR}
        order by start_at limit 50""",
    "the mirror of a calendar": f"""
        select * from mirrored_events where user_id = {PERSON} and calendar_id = {CALENDAR}""",
    "status of a person": f"select * from hybrid_status where user_id = {PERSON}",
    "webhooks of a person": f"select * from calendar_webhooks where user_id = {PERSON}",
    "drop what is kept no longer": "select * from drop_expired_partitions(30, 90)",
    "a person is removed": f"delete from auth.users where id = {PERSON}",
}


@pytest.fixture(scope="module")
def filled_url(postgres_server_url: str, database_name: str) -> Iterator[str]:
    """A migrated database with the rows of `many_rows.sql`."""
    with postgres.database(postgres_server_url, f"{database_name}_filled") as url:
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(Path(__file__).with_name("many_rows.sql").read_bytes())
        yield url


@pytest.fixture(scope="module")
def connection(filled_url: str) -> Iterator[psycopg.Connection]:
    """A session at noon of 20 November 2026, as workers have one for a while."""
    with psycopg.connect(filled_url, autocommit=True, prepare_threshold=None) as opened:
        opened.execute("set calsync.now = '2026-11-20T12:00:00Z'")
        yield opened


def read_by_table(connection: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Rows read so far, by table: one after the other, and by an index."""
    rows = connection.execute(
        "select relid::regclass::text, seq_tup_read, coalesce(idx_tup_fetch, 0)"
        " from pg_stat_xact_user_tables"
    )
    return {table: (one_by_one, by_index) for table, one_by_one, by_index in rows}


def read_by(connection: psycopg.Connection, statement: str) -> dict[str, tuple[int, int]]:
    """Runs a statement, undoes it, and answers what it read: by table, as above."""
    with connection.transaction(force_rollback=True):
        before = read_by_table(connection)
        connection.execute(statement.encode())
        after = read_by_table(connection)
    return {
        table: (now[0] - before.get(table, (0, 0))[0], now[1] - before.get(table, (0, 0))[1])
        for table, now in after.items()
        if now != before.get(table)
    }


def excesses(read: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {table: counts for table, counts in read.items() if max(counts) > FEW}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_few_rows_are_read(connection: psycopg.Connection, statement: str) -> None:
    read = [read_by(connection, statement) for _ in range(RUNS)]

    assert excesses(read[0]) == {}
    assert excesses(read[-1]) == {}


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - {"a person is removed"}))
def test_the_service_role_may_do_all_of_it(connection: psycopg.Connection, name: str) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("set local role service_role")
        connection.execute(STATEMENTS[name].encode())


@pytest.mark.parametrize(
    "name", ["claim what is due", "claim one calendar", "claim subscriptions", "a webhook"]
)
def test_few_rows_are_read_after_an_outage(connection: psycopg.Connection, name: str) -> None:
    """Everything is due at once: whoever takes ten of them must not read them all."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "update calendar_sync_states set due_at = calsync_now() - random() * interval '1 hour',"
            " subscription_due_at = calsync_now() - random() * interval '1 hour';"
            "analyze calendar_sync_states"
        )
        read = [read_by(connection, STATEMENTS[name]) for _ in range(RUNS)]

    assert excesses(read[0]) == {}
    assert excesses(read[-1]) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from calendar_sync_states where last_sync_at > calsync_now()",
        "select sum(api_calls) from calendar_sync_logs",
        "select slide_windows(calsync_now(), calsync_now() + interval '999 days', 100000)",
    ],
)
def test_much_that_is_read_is_noticed(connection: psycopg.Connection, statement: str) -> None:
    assert excesses(read_by(connection, statement)) != {}


def test_no_statement_of_a_sync_is_compiled(connection: psycopg.Connection) -> None:
    """On servers with LLVM, each session would compile the large statements of a page anew."""
    ((settings,),) = connection.execute(
        "select proconfig from pg_proc where oid::regproc::text = 'apply_changes'"
    ).fetchall()
    assert "jit=off" in settings
