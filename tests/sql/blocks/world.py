"""A person with calendars of several accounts: the database is real, delivery is done here."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from shared.decide.event_row import event_row
from shared.model import Event, Occurrence, When
from shared.states import EventKind, EventStatus
from tests.sql.blocks.provider import Calendar, total

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WINDOW_END = NOW + timedelta(days=366)
Block = tuple[str, When]
_APPLY = "select * from apply_changes(%s, %s, %s, %s, %s)"


class World:
    """Ann, and what her providers hold. Nothing happens by itself: `sync`, `deliver`, `settle`."""

    def __init__(
        self, url: str, providers: defaultdict[str, Calendar] | None = None, now: datetime = NOW
    ) -> None:
        self.url = url
        self.providers = providers if providers is not None else defaultdict(Calendar)
        self.now = now
        self.reopen()

    def reopen(self) -> None:
        """Opens the database (again)."""
        self.connection = psycopg.connect(self.url, autocommit=True, row_factory=dict_row)
        self.at(self.now)

    # -- time

    def at(self, instant: datetime) -> None:
        """Moves the clock of the database."""
        self.now = instant
        self.connection.execute("select set_config('calsync.now', %s, false)", [str(instant)])

    def later(self, **duration: float) -> None:
        """Moves the clock forward."""
        self.at(self.now + timedelta(**duration))

    # -- SQL

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Runs SQL."""
        cursor = self.connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: Any) -> Any:
        """The only value of the only row."""
        [row] = self.rows(query, *values)
        [value] = row.values()
        return value

    # -- who has what

    def add_person(self) -> None:
        """Ann signs up."""
        self.rows("insert into auth.users (email) values ('ann@example.test')")

    @property
    def ann(self) -> UUID:
        """Her user id."""
        found: UUID = self.one("select id from auth.users where email = 'ann@example.test'")
        return found

    def add_calendar(self, name: str, **columns: Any) -> UUID:
        """A calendar of hers; the account has its name, too, unless `account` names another."""
        account = columns.pop("account", name)
        self.rows(
            "insert into calendar_accounts (user_id, provider, provider_account_id)"
            " values (%s, 'google', %s) on conflict do nothing",
            self.ann,
            account,
        )
        values = {"access_role": "owner", "is_primary": True} | columns
        self.rows(
            "insert into calendars (user_id, account_id, provider_calendar_id, name, access_role,"
            " is_primary) select user_id, id, %s, %s, %s, %s from calendar_accounts"
            " where provider_account_id = %s",
            name,
            name,
            values["access_role"],
            values["is_primary"],
            account,
        )
        self.rows(
            "insert into calendar_sync_states (user_id, calendar_id, window_start, window_end)"
            " values (%s, %s, %s, %s)",
            self.ann,
            self.id(name),
            NOW - timedelta(days=31),
            WINDOW_END,
        )
        return self.id(name)

    def id(self, name: str) -> UUID:
        """The calendar UUID."""
        found: UUID = self.one("select id from calendars where name = %s", name)
        return found

    def rule(self, source: str, target: str, **rule: bool) -> None:
        """Ann sets a rule."""
        self.rows(
            "select set_busy_block_rule(%s, %s, %s, %s)",
            self.ann,
            self.id(source),
            self.id(target),
            Jsonb(rule),
        )

    # -- what happens at the providers

    def put(self, calendar: str, *events: Event) -> None:
        """Somebody creates or changes events there; nobody was told."""
        for event in events:
            self.providers[calendar].put(event)

    def drop(self, calendar: str, *event_ids: str) -> None:
        """Somebody deletes events there."""
        for event_id in event_ids:
            self.providers[calendar].drop(event_id)

    # -- what CalSync does

    def claim(self, calendar: str) -> dict[str, Any]:
        """Leases a calendar for a sync."""
        self.later(seconds=1)
        self.rows("select make_due(%s, %s, 'manual')", self.ann, self.id(calendar))
        [claim] = self.rows(
            "select * from claim_due_calendars('worker', 1, 60, 9, p_calendar_id => %s)",
            self.id(calendar),
        )
        return claim

    def sync(self, *calendars: str) -> None:
        """Reads calendars, as a whole the first time and from the cursor then."""
        for calendar in calendars:
            claim = self.claim(calendar)
            self.apply(calendar, claim)

    def apply(self, calendar: str, claim: Mapping[str, Any]) -> None:
        """Applies what a claimed calendar holds, with the last page."""
        provider = self.providers[calendar]
        self.connection.execute(
            _APPLY, page_arguments(claim, provider, int(claim["sync_token"] or 0))
        )

    def sync_all(self) -> None:
        """Reads every calendar that is synced."""
        names = self.rows("select name from calendars where sync_enabled and removed_at is null")
        self.sync(*(row["name"] for row in names))

    def plan_due(self) -> int:
        """What upkeep does."""
        planned: int = self.rows("select * from plan_due_busy_blocks(100)")[0]["planned"]
        return planned

    def deliver(self) -> Counter[str]:
        """Delivers all that is due, and gives the calls that it took."""
        before = total(self.providers.values())
        while claims := self.claim_writes():
            self.settle_writes(claims)
        return total(self.providers.values()) - before

    def claim_writes(self) -> list[dict[str, Any]]:
        """Leases what is due in the outbox."""
        self.later(seconds=1)
        return self.rows(
            "select * from claim_provider_writes('worker', 100, 10000, 60, 9, 1000000)"
        )

    def settle_writes(self, claims: list[dict[str, Any]]) -> None:
        """Does claimed writes and settles them, a calendar at a time."""
        by_calendar: dict[tuple[UUID, str], list[dict[str, Any]]] = defaultdict(list)
        for claim in claims:
            outcome = self.providers[claim["provider_calendar_id"]].write(claim)
            row = {"id": str(claim["id"]), "lease_token": claim["lease_token"], **outcome}
            by_calendar[claim["calendar_id"], claim["provider_calendar_id"]].append(row)
        for (calendar_id, _), outcomes in by_calendar.items():
            self.rows(
                "select * from settle_provider_writes(%s, %s, %s, 1)",
                self.ann,
                calendar_id,
                Jsonb(outcomes),
            )

    def settle(self) -> Counter[str]:
        """Reads everything, writes what follows, and reads that; gives the calls that it took."""
        self.sync_all()
        self.plan_due()
        calls = self.deliver()
        self.sync_all()
        self.plan_due()
        return calls + self.deliver()

    # -- looking

    @property
    def installation(self) -> str:
        """The id of this installation."""
        found: str = self.one("select calsync_installation()")
        return found

    def blocks(self, calendar: str) -> list[Block]:
        """The busy blocks that a provider holds."""
        found = self.providers[calendar].blocks(self.installation)
        return [(each.summary or "", each.when or When()) for each in found]

    def open_writes(self) -> list[str]:
        """Actions that wait in the outbox."""
        return [
            row["action"] for row in self.rows("select action from provider_writes order by action")
        ]


def page_arguments(claim: Mapping[str, Any], provider: Calendar, cursor: int) -> list[Any]:
    """The arguments of apply_changes for all that a calendar has to tell since a cursor."""
    events, deletions = provider.since(cursor)
    if claim["sync_type"] == "full":
        events, deletions = list(provider.events.values()), []
    changes = {
        "events": [_row(event) for event in events],
        "deletions": [{"provider_event_id": each.provider_event_id} for each in deletions],
        "refusals": [],
    }
    progress = {
        "api_calls": 1,
        "cursor": str(len(provider.changes)),
        "next_due_seconds": 100000,
    }
    key = [claim["user_id"], claim["calendar_id"], claim["lease_token"]]
    return [*key, Jsonb(changes), Jsonb(progress)]


def _row(event: Event) -> dict[str, object]:
    series = event.kind is EventKind.SERIES
    occurrences = (
        event_row(event)["occurrences"]
        if series or event.status is EventStatus.CANCELLED
        else [{"key": event.occurrence_key} | {n: event_row(event)[n] for n in _TIMES}]
    )
    expanded = WINDOW_END.isoformat() if series else None
    return event_row(event) | {
        "occurrences": occurrences,
        "expanded_until": expanded,
        "meeting": None,
    }


_TIMES = ("start_at", "end_at", "start_date", "end_date")


def hours(start: float, length: float = 1) -> When:
    """So many hours from the start of the test."""
    begin = NOW + timedelta(hours=start)
    return When(begin, begin + timedelta(hours=length))


def days(start: int, length: int = 1) -> When:
    """All-day, so many days from the start of the test."""
    begin = NOW.date() + timedelta(days=start)
    return When(start_date=begin, end_date=begin + timedelta(days=length))


def event(name: str, when: When, **fields: Any) -> Event:
    """A single event with its id for a title."""
    fields = {"summary": name, "status": EventStatus.CONFIRMED} | fields
    return Event(name, EventKind.SINGLE, etag="", when=when, **fields)


def daily(name: str, first: When, count: int, skip: tuple[int, ...] = (), **fields: Any) -> Event:
    """A daily series, with keys as providers give them; instances in `skip` are left out."""
    happenings = [
        Occurrence(key_of(when), when)
        for n in range(count)
        if n not in skip
        for when in [moved(first, days=n)]
    ]
    return Event(
        name,
        EventKind.SERIES,
        EventStatus.CONFIRMED,
        etag="",
        when=first,
        recurrence=(f"RRULE:FREQ=DAILY;COUNT={count}",),
        occurrences=tuple(happenings),
        **({"summary": name} | fields),
    )


def exception(series: str, original: When, when: When | None, **fields: Any) -> Event:
    """One instance of a series, elsewhere in time or (None) cancelled."""
    key = key_of(original)
    return Event(
        f"{series}_{key}",
        EventKind.EXCEPTION,
        EventStatus.CONFIRMED if when else EventStatus.CANCELLED,
        etag="",
        when=when,
        series_event_id=series,
        occurrence_key=key,
        **({"summary": series} | fields),
    )


def moved(when: When, **by: float) -> When:
    """The same, later."""
    shift = timedelta(**by)
    if when.start_at is not None and when.end_at is not None:
        return When(when.start_at + shift, when.end_at + shift)
    assert when.start_date is not None
    assert when.end_date is not None
    return When(start_date=_day(when.start_date, shift), end_date=_day(when.end_date, shift))


def _day(day: date, shift: timedelta) -> date:
    return day + timedelta(days=shift.days)


def key_of(when: When) -> str:
    """The occurrence key of an instance that began then."""
    if when.start_at is not None:
        return when.start_at.strftime("%Y%m%dT%H%M%SZ")
    assert when.start_date is not None
    return when.start_date.strftime("%Y%m%d")
