"""Ann's calendar as a worker writes to it, over a real session of her account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.errors import ProviderError
from shared.model import Draft, Event, When, Window
from shared.providers.base import Outcome, Pull, Session, Write, Written
from shared.states import Provider
from shared.steps.service import Account, signed_in
from tests.conformance.writing import Writing
from tests.support.rig import Rig

WINDOW = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 10, 1, tzinfo=UTC))
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
BUSY = Draft(When(START, START + HOUR), "🔒 Board", time_zone="Europe/Berlin")

_OURS = UUID("5b0c0f2e-0000-4000-8000-000000000000")
_ACCOUNT = """
    select a.user_id, a.id, a.provider, c.sealed, l.provider_calendar_id
    from calendar_accounts a
    join calsync_private.account_credentials c on c.user_id = a.user_id and c.account_id = a.id
    join calendars l on l.user_id = a.user_id and l.account_id = a.id
    order by (l.name = 'work') desc -- Xandikos has another one of its own
    limit 1
"""


Make = Callable[[str, Draft], Write]
"""`block` or `appointment`."""


def block(name: str, draft: Draft | None = BUSY) -> Write:
    """The busy block of that name, to be created."""
    digits = uuid5(_OURS, name).hex
    return Write(UUID(digits), f"calsync:b:0a1b2c3d:{digits[:16]}:{digits[16:]}", draft)


def appointment(name: str, draft: Draft = BUSY) -> Write:
    """The appointment of that name, to be created."""
    digits = uuid5(_OURS, name).hex
    return Write(UUID(digits), f"calsync:a:0a1b2c3d:{digits}", draft)


def again(write: Write, written: Written | None, draft: Draft | None) -> Write:
    """The next write of an event that was written: an update to `draft`, or its deletion."""
    assert written is not None
    return replace(
        write, draft=draft, provider_event_id=written.provider_event_id, etag=written.etag
    )


class Desk:
    """A session, and the calendar that it writes to.

    `provider` has the person's own hands on that calendar, and the troubles of its provider.
    """

    def __init__(self, session: Session, calendar_id: str, provider: Writing) -> None:
        self.session, self.calendar_id, self.provider = session, calendar_id, provider

    def attempt(self, *writes: Write) -> tuple[list[Outcome], ProviderError | None]:
        """The outcomes that were yielded, and what was raised after them."""
        outcomes: list[Outcome] = []
        try:
            for outcome in self.session.write(self.calendar_id, writes):
                outcomes.append(outcome)
        except ProviderError as error:
            return outcomes, error
        return outcomes, None

    def outcomes(self, *writes: Write) -> dict[UUID, Outcome]:
        """One outcome for each write, in no order; nothing is raised."""
        outcomes, error = self.attempt(*writes)
        assert error is None, error
        found = {outcome.id: outcome for outcome in outcomes}
        assert len(outcomes) == len(found), "one outcome each"
        assert set(found) == {write.id for write in writes}
        return found

    def refused(self, write: Write) -> ProviderError:
        """The error in the outcome of a write."""
        error = self.outcomes(write)[write.id].error
        assert error is not None
        return error

    def written(self, write: Write) -> Written:
        """What a create or an update gave."""
        outcome = self.outcomes(write)[write.id]
        assert outcome.error is None, outcome.error
        assert outcome.written is not None
        return outcome.written

    def delete(self, write: Write, written: Written) -> None:
        """Deletes; that it is gone already is no error."""
        outcome = self.outcomes(again(write, written, None))[write.id]
        assert (outcome.written, outcome.error) == (None, None)

    def events(self) -> list[Event]:
        """All events of the calendar, read from scratch."""
        pull = Pull(self.calendar_id, None, None, WINDOW, mirrored=dict)
        changes = [
            change
            for page in self.session.fetch_changes(pull)
            for item in page.items
            for change in self.session.normalise(item, page.time_zone or "UTC", WINDOW)
        ]
        events = [change for change in changes if isinstance(change, Event)]
        assert len(events) == len(changes), changes
        return events

    def event(self) -> Event:
        """The only event of the calendar."""
        (event,) = self.events()
        return event

    def assert_holds(self, write: Write, written: Written, draft: Draft = BUSY) -> None:
        """The calendar's only event is the written one, and says what the draft says."""
        event = self.event()
        assert event.provider_event_id == written.provider_event_id
        assert event.etag == written.etag, "as a sync will see it"
        assert event.own_tag == write.tag
        assert said(event) == self.provider.kept(draft)


def said(event: Event) -> Draft:
    """What an event says, in the words of a draft; but for the zone, which is a matter of form."""
    assert event.when is not None
    return Draft(
        when=event.when,
        summary=event.summary or "",
        description=event.description,
        location=event.location,
        show_as=event.show_as,
        visibility=event.visibility,
    )


@contextmanager
def open_desk(rig: Rig, provider: Writing) -> Iterator[Desk]:
    """The desk of the only calendar of the rig."""
    (row,) = rig.sql(_ACCOUNT)
    account = Account(row["user_id"], row["id"], Provider(row["provider"]), row["sealed"])
    with signed_in(rig.service, account) as session:
        yield Desk(session, row["provider_calendar_id"], provider)
