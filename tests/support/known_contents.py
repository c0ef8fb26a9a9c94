"""A database with known contents: two people, four calendars, a week of syncs, all counted by hand.

Times are given as ages before `now`, so the same rows serve a simulated clock and the real one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql


def ago(**age: float) -> timedelta:
    """An age before `now`; negative ages lie ahead."""
    return timedelta(**age)


@dataclass(frozen=True)
class Known:
    """Who and what is in the database."""

    ada: UUID
    bob: UUID
    work: UUID
    home: UUID
    club: UUID
    shop: UUID


class Contents:
    """Writes rows as of `now`; every method gives the id of its row, timedeltas become instants."""

    def __init__(self, connection: psycopg.Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def insert(self, table: str, columns: Mapping[str, Any], returning: str = "id") -> Any:
        """Inserts one row and gives its column `returning`."""
        values = [self._instant(value) for value in columns.values()]
        query = sql.SQL("insert into {} ({}) values ({}) returning {}").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
            sql.Identifier(returning),
        )
        row = self._connection.execute(query, values).fetchone()
        assert row is not None
        return row[0]

    def person(self, email: str) -> UUID:
        """Somebody with an account at Google; the account has the person's own id."""
        person: UUID = self.insert("auth.users", {"email": email})
        account = {"provider": "google", "provider_account_id": email, "email": email}
        self.insert("calendar_accounts", {"user_id": person, "id": person} | account)
        return person

    def calendar(self, person: UUID, name: str, **state: Any) -> UUID:
        """A calendar with its hybrid state."""
        named = {"account_id": person, "provider_calendar_id": name, "name": name}
        named |= {"created_at": ago(days=30)}
        calendar: UUID = self.insert("calendars", {"user_id": person} | named)
        whose = {"user_id": person, "calendar_id": calendar}
        self.insert("calendar_sync_states", whose | state, "calendar_id")
        return calendar

    def subscription(self, person: UUID, calendar: UUID, **columns: Any) -> None:
        """A webhook subscription, active unless told otherwise."""
        usual = {"status": "active", "activated_at": ago(days=2), "channel_id": "channel"}
        whose = {"user_id": person, "calendar_id": calendar}
        self.insert("webhook_subscriptions", whose | usual | columns)

    def notification(
        self, person: UUID, calendar: UUID, number: int, age: timedelta, **columns: Any
    ) -> None:
        """A notification that arrived `age` ago, accepted unless told otherwise."""
        usual = {"resource_state": "exists", "outcome": "accepted", "channel_id": "channel"}
        which = {"message_number": number, "received_at": age}
        whose = {"user_id": person, "calendar_id": calendar}
        self.insert("webhook_notifications", whose | which | usual | columns)

    def sync(
        self, person: UUID, calendar: UUID, sync_type: str, age: timedelta, **columns: Any
    ) -> None:
        """A sync that began `age` ago and took a second, successful unless told otherwise."""
        usual = {
            "sync_type": sync_type,
            "trigger": "webhook" if sync_type == "webhook" else "polling",
            "status": "success",
            "lease_token": 1,
            "started_at": age,
            "created_at": age,
            "finished_at": age - timedelta(seconds=1),
        }
        whose = {"user_id": person, "calendar_id": calendar}
        self.insert("calendar_sync_logs", whose | usual | columns)

    def day(self, person: UUID, calendar: UUID, days_ago: int, **costs: int) -> None:
        """What a calendar cost on a day."""
        day = (self._now - timedelta(days=days_ago)).date()
        which = {"user_id": person, "calendar_id": calendar, "day": day}
        self.insert("api_call_ledger", which | costs, "day")

    def _instant(self, value: Any) -> Any:
        return self._now - value if isinstance(value, timedelta) else value


def fill(connection: psycopg.Connection, now: datetime) -> Known:
    """Writes it all. `work` hears its push, `home` is polled, `club` is dead, `shop` will lapse."""
    contents = Contents(connection, now)
    ada, bob = contents.person("ada@example.com"), contents.person("bob@example.com")
    known = Known(
        ada=ada,
        bob=bob,
        work=_work(contents, ada),
        home=_home(contents, ada),
        club=_club(contents, ada),
        shop=_shop(contents, bob),
    )
    connection.commit()
    return known


def _work(contents: Contents, ada: UUID) -> UUID:
    calendar = contents.calendar(
        ada,
        "Work",
        sync_token="cursor",
        created_at=ago(days=3),
        last_webhook_received=ago(minutes=10),
        last_poll_at=ago(hours=7),
        subscription_due_at=ago(days=-4),
        due_at=ago(hours=-5),
        due_reason="polling",
    )
    contents.subscription(ada, calendar, expires_at=ago(days=-6))
    for number, age in enumerate((ago(hours=5), ago(hours=2), ago(minutes=10)), start=2):
        contents.notification(ada, calendar, number, age)
    contents.notification(ada, calendar, 2, ago(hours=4), outcome="duplicate")
    contents.notification(
        ada, calendar, 1, ago(hours=30), outcome="confirmed", resource_state="sync"
    )
    for seconds, age in ((1, ago(hours=5)), (2, ago(hours=2)), (3, ago(minutes=10))):
        contents.sync(
            ada,
            calendar,
            "webhook",
            age,
            finished_at=age - timedelta(seconds=seconds),
            notified_at=age - timedelta(seconds=seconds / 2),
            changed_at=age + timedelta(seconds=seconds),
            events_processed=2 * seconds,
            events_created=seconds,
            meetings_created=seconds,
            meetings_updated=1,
            api_calls=seconds,
        )
    contents.sync(ada, calendar, "webhook", ago(days=8), events_processed=1000, events_created=1000)
    contents.day(ada, calendar, 0, api_calls=6, syncs=3, polls=0, polls_skipped=3)
    contents.day(ada, calendar, 1, api_calls=12, syncs=2, polls=1, polls_skipped=3)
    contents.day(ada, calendar, 20, api_calls=500, syncs=2, polls=9, polls_skipped=0)
    return calendar


def _home(contents: Contents, ada: UUID) -> UUID:
    calendar = contents.calendar(
        ada,
        "Home",
        sync_token="cursor",
        created_at=ago(days=2),
        last_webhook_received=ago(hours=9),
        last_poll_at=ago(hours=7),
        verified_at=ago(hours=7),
        webhook_failures=2,
        subscription_due_at=ago(hours=-1),
        due_at=ago(hours=-2),
        due_reason="polling",
    )
    contents.subscription(ada, calendar, expires_at=ago(hours=-20))
    contents.sync(ada, calendar, "incremental", ago(hours=30), api_calls=1)
    contents.sync(
        ada,
        calendar,
        "incremental",
        ago(hours=7),
        finished_at=ago(hours=7) - timedelta(seconds=4),
        changed_at=ago(hours=8),
        events_processed=5,
        events_updated=3,
        events_deleted=1,
        meetings_updated=4,
        api_calls=3,
    )
    contents.day(ada, calendar, 0, api_calls=3, syncs=1, polls=1, polls_skipped=0)
    contents.day(ada, calendar, 1, api_calls=1, syncs=1, polls=1, polls_skipped=1)
    return calendar


def _club(contents: Contents, ada: UUID) -> UUID:
    calendar = contents.calendar(
        ada,
        "Club",
        sync_token="cursor",
        created_at=ago(days=30),
        last_poll_at=ago(days=2),
        last_sync_at=ago(days=2),
        push="given_up",
        webhook_failures=10,
        attempts=8,
        dead_at=ago(days=1),
        last_error_code="network",
        last_error_message="No answer within 30 s",
        last_error_at=ago(hours=1),
        due_at=ago(hours=-5),
        due_reason="polling",
    )
    contents.subscription(
        ada, calendar, status="failed", ended_at=ago(days=3), activated_at=None, channel_id="old"
    )
    contents.sync(
        ada,
        calendar,
        "full",
        ago(days=6),
        trigger="initial",
        events_processed=30,
        events_created=30,
        meetings_created=9,
        api_calls=2,
    )
    for hours in (1, 25):
        contents.sync(
            ada, calendar, "incremental", ago(hours=hours), status="failed", error_code="network"
        )
    return calendar


def _shop(contents: Contents, bob: UUID) -> UUID:
    calendar = contents.calendar(
        bob,
        "Shop",
        sync_token="cursor",
        created_at=ago(days=1),
        last_webhook_received=ago(hours=3),
        subscription_due_at=ago(hours=-11),
        due_at=ago(hours=-5),
        due_reason="polling",
    )
    contents.subscription(bob, calendar, expires_at=ago(hours=-10))
    contents.subscription(
        bob,
        calendar,
        channel_id="leaked",
        status="retiring",
        expires_at=ago(days=-1),
        retired_at=ago(hours=3),
        stop_due_at=ago(hours=-1),
        stop_attempts=4,
        error_code="server_error",
    )
    contents.notification(bob, calendar, 2, ago(hours=3))
    contents.sync(
        bob,
        calendar,
        "webhook",
        ago(hours=3),
        notified_at=ago(hours=3),
        changed_at=ago(hours=3) + timedelta(seconds=9),
        events_processed=8,
        events_created=4,
        api_calls=1,
    )
    contents.sync(
        bob, calendar, "full", ago(hours=20), trigger="reset", events_processed=10, events_updated=2
    )
    contents.sync(bob, calendar, "webhook", ago(seconds=5), status="running", finished_at=None)
    contents.day(bob, calendar, 1, api_calls=11, syncs=2, polls=0, polls_skipped=4)
    return calendar
