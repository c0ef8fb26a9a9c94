"""Ann's life: a Google, an Outlook and a CalDAV calendar, kept in step by one installation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shared.model import Event, Window
from shared.providers.base import Pull, Session
from shared.states import Provider
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Account, signed_in
from shared.steps.verify import verify
from tests.conformance.drivers import Calendar
from tests.conformance.meeting import Meeting, wall
from tests.support.rig import Rig

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=7), NOW + timedelta(days=300))
NAMES = ("google", "graph", "radicale")
PROVIDERS = {
    "google": Provider.GOOGLE,
    "graph": Provider.MICROSOFT,
    "radicale": Provider.CALDAV,
}
_CALENDAR = """
    select a.user_id, a.id as account_id, a.provider, c.sealed, l.id, l.provider_calendar_id
    from calendar_accounts a
    join calsync_private.account_credentials c on c.user_id = a.user_id and c.account_id = a.id
    join calendars l on l.user_id = a.user_id and l.account_id = a.id
    where a.provider = %(provider)s and l.is_primary
"""


@dataclass(frozen=True)
class Block:
    """A busy block as its provider has it. Dates where it is all-day."""

    event: str
    title: str
    start: date
    end: date


class Life:
    """`life["google"]` is the calendar in Ann's hands; the rest is what CalSync made of it."""

    def __init__(self, rig: Rig, calendars: Mapping[str, Calendar]) -> None:
        self.rig = rig
        self._calendars = calendars

    def __getitem__(self, name: str) -> Calendar:
        return self._calendars[name]

    def connect(self) -> None:
        """Ann connects all her accounts, and everything that follows is done."""
        for calendar in self._calendars.values():
            calendar.connect(self.rig)
        self.rig.drain()
        self.settle()

    def settle(self) -> None:
        """Every calendar is read, what follows is written, and what was written is read."""
        for _ in range(2):
            poll(self.rig.service, PollRequest(reason="manual", smart=False))
            self.rig.drain()

    def id(self, name: str) -> UUID:
        """The calendar UUID."""
        (row,) = self.rig.sql(_CALENDAR, {"provider": PROVIDERS[name]})
        found: UUID = row["id"]
        return found

    def set_rule(self, source: str, target: str, **rule: bool) -> None:
        """Ann changes what blocks what."""
        self.rig.service.database.call(
            "set_busy_block_rule",
            user_id=self.rig.rows("calendars", id=self.id(source))[0]["user_id"],
            source=self.id(source),
            target=self.id(target),
            rule=rule,
        )

    def others(self, name: str) -> list[str]:
        """The other calendars."""
        return [each for each in self._calendars if each != name]

    def writes(self) -> dict[str, int]:
        """How many requests to write came to each provider so far."""
        return {name: each.writing().writes() for name, each in self._calendars.items()}

    def events(self, name: str) -> list[Event]:
        """Every event of a calendar, read from its provider from scratch."""
        with self.session(name) as (session, calendar):
            pages = session.fetch_changes(Pull(calendar, None, None, WINDOW, mirrored=dict))
            return [
                change
                for page in pages
                for item in page.items
                for change in session.normalise(item, page.time_zone or "UTC", WINDOW)
                if isinstance(change, Event)
            ]

    @contextmanager
    def session(self, name: str) -> Iterator[tuple[Session, str]]:
        """A session of Ann's account, and what its provider calls the calendar."""
        (row,) = self.rig.sql(_CALENDAR, {"provider": PROVIDERS[name]})
        account = Account(
            row["user_id"], row["account_id"], Provider(row["provider"]), row["sealed"]
        )
        with signed_in(self.rig.service, account) as session:
            yield session, row["provider_calendar_id"]

    def blocks(self, name: str) -> list[Block]:
        """The busy blocks in a calendar, as its provider has them, by start."""
        found = [_block(each) for each in self.events(name) if _is_block(each)]
        return sorted(found, key=lambda block: str(block.start))

    def assert_quiet(self) -> None:
        """The mirror is true, nothing waits in the outbox, every block is known and written."""
        assert self.rig.rows("provider_writes") == []
        for name in self._calendars:
            drift = verify(self.rig.service, self.id(name)).drift
            assert drift.count == 0, (name, drift)
            known = self.rig.rows("busy_blocks", target_calendar_id=self.id(name))
            there = {block.event for block in self.blocks(name)}
            assert {row["provider_event_id"] for row in known} == there


def _is_block(event: Event) -> bool:
    return (event.own_tag or "").startswith("calsync:b:")


def _block(event: Event) -> Block:
    when = event.when
    assert when is not None
    start, end = when.start_date or when.start_at, when.end_date or when.end_at
    assert start is not None
    assert end is not None
    return Block(event.provider_event_id, event.summary or "", start, end)


def meeting(title: str, day: int, hour: int, hours: int = 1) -> Meeting:
    """A meeting in Berlin on a day of November 2026."""
    return Meeting(title, wall(2026, 11, day, hour), wall(2026, 11, day, hour + hours))


def utc(day: int, hour: int) -> datetime:
    """What the clocks of Berlin show in November, in UTC."""
    return datetime(2026, 11, day, hour - 1, tzinfo=UTC)
