"""Verify: compare the mirror with the provider and report what differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.db.rows import call_for
from shared.decide.diff_mirror import Drift, Mirrored, diff_mirror
from shared.decide.event_from_row import event_from_row
from shared.decide.event_row import content_hash, occurrence_hash
from shared.decide.overlap import shows
from shared.decide.plan_window import plan_window
from shared.errors import InvalidRequest
from shared.model import Change, Event, Refusal, Window
from shared.providers.base import Pull
from shared.states import EventKind, Provider
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Service, account_of, signed_in

ROUNDS = 3
PAGE = 1000


@dataclass(frozen=True, slots=True)
class CalendarToVerify:
    """A calendar with all that reading it needs (calendar_to_verify)."""

    user_id: UUID
    calendar_id: UUID
    account_id: UUID
    provider: Provider
    provider_calendar_id: str
    time_zone: str
    sealed: str
    window_start: datetime | None
    window_end: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Verification:
    """What differs between provider and mirror, and how many events were compared."""

    calendar_id: UUID
    compared: int
    drift: Drift


@dataclass(frozen=True, slots=True)
class _Listing:
    """The provider's word: the last change of each event, and the only span it is about."""

    changes: Mapping[str, Change]
    scope: Window | None

    def tells_of(self, event: Event) -> bool:
        """Whether an event that is not in it is gone: it would have been shown."""
        # A series is listed with all its exceptions.
        named = event.provider_event_id in self.changes or event.series_event_id in self.changes
        if self.scope is None or named:
            return True
        return shows(event, self.scope)


def verify(service: Service, calendar_id: UUID) -> Verification:
    """Compares one calendar. Syncs first; drift must show three times to be told from a change
    that was made while we looked. The result is stored in calendar_monitoring_results.
    """
    found = _sync_and_compare(service, calendar_id)
    for _ in range(ROUNDS - 1):
        if found.drift.count:
            found = _sync_and_compare(service, calendar_id)
    _record(service, found)
    return found


def _sync_and_compare(service: Service, calendar_id: UUID) -> Verification:
    poll(service, PollRequest(reason="manual", calendar_id=calendar_id, smart=False))
    return _compare(service, calendar_id)


def _compare(service: Service, calendar_id: UUID) -> Verification:
    claims = call_for(
        service.database, CalendarToVerify, "calendar_to_verify", calendar_id=calendar_id
    )
    if not claims:
        raise InvalidRequest(f"No calendar {calendar_id}; `calsync status` lists them")
    claim = claims[0]
    listing = _listed(service, claim)
    expected = _expected(listing.changes)
    actual = list(_actual(service, claim, listing))
    return Verification(calendar_id, len(expected), diff_mirror(expected, actual))


def _listed(service: Service, claim: CalendarToVerify) -> _Listing:
    window, changes, scope = _window(service, claim), dict[str, Change](), None
    with signed_in(service, account_of(claim)) as session:
        everything = Pull(
            claim.provider_calendar_id, cursor=None, page=None, window=window, mirrored=dict
        )
        for page in session.fetch_changes(everything):
            zone, scope = page.time_zone or claim.time_zone, page.listed
            for item in page.items:
                normalised = session.normalise(item, zone, window)
                changes |= {change.provider_event_id: change for change in normalised}
    return _Listing(changes, scope)


def _window(service: Service, claim: CalendarToVerify) -> Window:
    if claim.window_start and claim.window_end:
        return Window(claim.window_start, claim.window_end)
    settings = service.settings
    return plan_window(claim.now, settings.window_past_days, settings.window_future_days)


def _expected(latest: Mapping[str, Change]) -> list[Mirrored]:
    """What the mirror should hold: an exception stands for its instance, not its series."""
    replaced: dict[str, set[str]] = {}
    for change in latest.values():
        if isinstance(change, Event) and change.kind is EventKind.EXCEPTION:
            replaced.setdefault(change.series_event_id or "", set()).add(change.occurrence_key)
    expected = []
    for change in latest.values():
        if isinstance(change, Refusal):
            expected.append(_refused(change.provider_event_id, change.reason))
        elif isinstance(change, Event):
            expected.append(_mirrored(_without(change, replaced)))
    return expected


def _without(event: Event, replaced: dict[str, set[str]]) -> Event:
    keys = replaced.get(event.provider_event_id, set())
    kept = tuple(o for o in event.occurrences if o.key not in keys)
    return replace(event, occurrences=kept)


def _actual(service: Service, claim: CalendarToVerify, listing: _Listing) -> Iterator[Mirrored]:
    """What the mirror holds, without what the provider was not asked for."""
    where = {"user_id": claim.user_id, "calendar_id": claim.calendar_id}
    after = None
    while rows := service.database.read(
        "mirrored_events", where=where, after=after, order=("provider_event_id",), limit=PAGE
    ):
        events = [event_from_row(row["event"]) for row in rows]
        yield from (_mirrored(event) for event in events if listing.tells_of(event))
        after = {"provider_event_id": rows[-1]["provider_event_id"]}
    for row in service.database.read("refused_events", where=where, order=("provider_event_id",)):
        yield _refused(row["provider_event_id"], row["reason"])


def _mirrored(event: Event) -> Mirrored:
    return Mirrored(
        event.provider_event_id, content_hash(event), occurrence_hash(event.occurrences)
    )


def _refused(provider_event_id: str, reason: str) -> Mirrored:
    return Mirrored(provider_event_id, f"refused: {reason}", "")


def _record(service: Service, found: Verification) -> None:
    (calendar,) = service.database.read("calendars", where={"id": found.calendar_id})
    service.database.call(
        "record_verification",
        user_id=calendar["user_id"],
        calendar_id=found.calendar_id,
        drift=found.drift.count,
        details={
            "compared": found.compared,
            "missing": found.drift.missing,
            "surplus": found.drift.surplus,
            "different": found.drift.different,
        },
    )
