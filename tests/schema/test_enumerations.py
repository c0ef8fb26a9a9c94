"""SQL accepts exactly the values of the enumerations in shared/states.py."""

import inspect
import re
from enum import StrEnum

import psycopg
import pytest

from shared import states

COLUMNS: dict[str, type[StrEnum]] = {
    "calendar_accounts.provider": states.Provider,
    "calendar_accounts.status": states.AccountStatus,
    "calsync_private.provider_circuits.provider": states.Provider,
    "calendar_sync_states.due_reason": states.DueReason,
    "webhook_subscriptions.status": states.SubscriptionStatus,
    "calendar_events.kind": states.EventKind,
    "calendar_events.status": states.EventStatus,
    "calendar_events.show_as": states.ShowAs,
    "calendar_events.visibility": states.Visibility,
    "calendar_events.self_response": states.Response,
    "calendar_sync_logs.sync_type": states.SyncType,
    "calendar_sync_logs.trigger": states.DueReason,
    "calendar_sync_logs.status": states.SyncStatus,
    "provider_writes.subject": states.WriteSubject,
    "provider_writes.action": states.WriteAction,
    "calendar_accounts.conflict_policy": states.ConflictPolicy,
    "calendars.conflict_policy": states.ConflictPolicy,
    "sync_conflicts.policy": states.ConflictPolicy,
    "sync_conflicts.kind": states.ConflictKind,
    "sync_conflicts.decision": states.Decision,
    "appointments.show_as": states.ShowAs,
    "appointments.visibility": states.Visibility,
}
#: Enumerations that Python never looks at.
ONLY_IN_SQL = {
    "calsync_private.oauth_flows.provider",
    "calendars.access_role",
    "calendar_sync_states.push",
    "webhook_notifications.resource_state",
    "webhook_notifications.outcome",
    "calendar_alerts.kind",
    "calendar_alerts.severity",
    "appointment_links.held",
}
#: Enumerations that no column holds: they are derived, or arguments.
NOT_STORED = {states.SyncMethod, states.MergedEvent, states.Failure, states.Health, states.Repair}

ENUMERATION = re.compile(r"CHECK \(\((\w+) = ANY \(ARRAY\[([^\]]*)\]\)\)\)")
VALUE = re.compile(r"'(\w+)'")


@pytest.fixture(scope="module")
def accepted(plain_url: str) -> dict[str, set[str]]:
    """The values that columns accept, by table.column."""
    with psycopg.connect(plain_url) as connection:
        constraints = connection.execute(
            "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint"
            " where contype = 'c' and coninhcount = 0 and connamespace in"
            " ('public'::regnamespace, 'calsync_private'::regnamespace)"
        ).fetchall()
    found = ((table, ENUMERATION.fullmatch(check)) for table, check in constraints)
    return {f"{table}.{m[1]}": set(VALUE.findall(m[2])) for table, m in found if m}


def test_columns_accept_the_values_of_their_enumeration(accepted: dict[str, set[str]]) -> None:
    assert {column: accepted.get(column) for column in COLUMNS} == {
        column: {value.value for value in enumeration} for column, enumeration in COLUMNS.items()
    }


def test_every_enumeration_of_a_column_is_known(accepted: dict[str, set[str]]) -> None:
    assert accepted.keys() == COLUMNS.keys() | ONLY_IN_SQL


def test_every_enumeration_of_python_is_compared() -> None:
    defined = {
        enumeration
        for _, enumeration in inspect.getmembers(states, inspect.isclass)
        if enumeration.__module__ == states.__name__
    }

    assert defined == {*COLUMNS.values(), *NOT_STORED}


def test_hybrid_status_derives_every_sync_method(plain_url: str) -> None:
    with psycopg.connect(plain_url) as connection:
        [(definition,)] = connection.execute("select pg_get_viewdef('public.hybrid_status')")
    case = re.search(r"CASE((?:(?!CASE).)*)END AS method", definition, re.DOTALL)

    assert case is not None
    assert set(re.findall(r"(?:THEN|ELSE) '(\w+)'", case[1])) == set(states.SyncMethod)


@pytest.mark.parametrize(
    ("failure", "refusal"),
    [*((failure, "CS002") for failure in states.Failure), ("bored", "CS003")],
)
def test_a_sync_can_fail_in_every_way(plain_url: str, failure: str, refusal: str) -> None:
    """No such calendar for the ways there are; no such way for another."""
    with (
        psycopg.connect(plain_url) as connection,
        pytest.raises(psycopg.DatabaseError) as refused,
    ):
        connection.execute(
            "select public.settle_failed_sync(gen_random_uuid(), gen_random_uuid(), 1, %s,"
            " 60, false, 'code', 'message', 1)",
            (failure,),
        )

    assert refused.value.sqlstate == refusal
