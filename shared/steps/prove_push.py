"""Prove push: make an event at the provider, wait until it is told of and mirrored, clean up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog

from shared.clock import elapsed, pause
from shared.db.rows import call_for
from shared.decide.own_tag import APPOINTMENT
from shared.errors import GiveUp, NotFound, ProviderError, Refused
from shared.model import Draft, When
from shared.providers.base import Outcome, Session, Write
from shared.states import ShowAs, Visibility
from shared.steps.claim import claim_calendars
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Service, account_of, signed_in
from shared.steps.sync_calendar import sync_calendar
from shared.steps.verify import CalendarToVerify

log = structlog.get_logger()

SUMMARY = "CalSync test event"
WAIT_SECONDS = 30.0
PEEK_SECONDS = 0.05
WRITABLE = frozenset({"owner", "writer"})
NOBODYS_INSTALLATION = "00000000"
"""In the tag of a test event: no installation takes it for an appointment or block of its own."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How push did: seconds from the request to each station; None: not within the time allowed.

    `push_expected` is False where the calendar has no subscription. `error` is a provider's code.
    """

    calendar_id: UUID
    push_expected: bool
    created_seconds: float | None = None
    notified_seconds: float | None = None
    mirrored_seconds: float | None = None
    cleaned_up: bool = False
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether all came that was expected, and nothing was left behind."""
        told = self.notified_seconds is not None or not self.push_expected
        return told and self.mirrored_seconds is not None and self.cleaned_up


@dataclass(frozen=True, slots=True)
class _Trial:
    service: Service
    calendar: CalendarToVerify
    push_expected: bool
    started: float = field(default_factory=elapsed)

    def seconds(self) -> float:
        return round(elapsed() - self.started, 3)

    @property
    def where(self) -> dict[str, UUID]:
        return {"user_id": self.calendar.user_id, "calendar_id": self.calendar.calendar_id}


def prove_push(
    service: Service, user_id: UUID, calendar_id: UUID | None, audit: Mapping[str, str]
) -> Proof:
    """Tries one calendar: the one named, else the first that is written to and subscribed.

    The event is free time, private, and gone in the end, whatever happens. Raises `NotFound`
    where the person has no such calendar, `Refused` where nothing may be written to it.
    """
    row = _chosen(service, user_id, calendar_id)
    chosen = UUID(str(row["calendar_id"]))
    service.database.call(
        "write_audit", user_id=user_id, action="push.tested", subject=str(chosen), **audit
    )
    (calendar,) = call_for(
        service.database, CalendarToVerify, "calendar_to_verify", calendar_id=chosen
    )
    return _tried(_Trial(service, calendar, bool(row["subscribed"])))


def _chosen(service: Service, user_id: UUID, calendar_id: UUID | None) -> Mapping[str, Any]:
    where = {"user_id": user_id} | ({"calendar_id": calendar_id} if calendar_id else {})
    facts = service.database.read("calendar_facts", where=where, order=("created_at",))
    if not facts:
        raise NotFound("there is no such calendar")
    listed = service.database.read("calendars", where={"user_id": user_id})
    roles = {row["id"]: row["access_role"] for row in listed}
    usable = [
        row
        for row in facts
        if roles[row["calendar_id"]] in WRITABLE and row["method"] != "disabled"
    ]
    if not usable:
        raise Refused("Nothing may be written to this calendar, or its sync is off")
    return max(usable, key=lambda row: bool(row["subscribed"]))


def _tried(trial: _Trial) -> Proof:
    proof = Proof(trial.calendar.calendar_id, trial.push_expected)
    draft = _draft(trial.calendar.now)
    create = Write(uuid4(), f"{APPOINTMENT}{NOBODYS_INSTALLATION}:{uuid4().hex}", draft)
    remove = replace(create, draft=None)
    try:
        with signed_in(trial.service, account_of(trial.calendar)) as session:
            try:
                remove = _created(trial, session, create)
                proof = replace(proof, created_seconds=trial.seconds())
                proof = _watched(trial, proof, remove)
            except ProviderError as error:
                proof = replace(proof, error=error.code or error.failure.value)
            finally:
                cleaned = _clean_up(trial, session, remove)
    except ProviderError as error:
        return replace(proof, error=error.code or error.failure.value)
    return replace(proof, cleaned_up=cleaned)


def _draft(now: datetime) -> Draft:
    start = (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    return Draft(
        When(start_at=start, end_at=start + timedelta(minutes=15)),
        SUMMARY,
        show_as=ShowAs.FREE,
        visibility=Visibility.PRIVATE,
    )


def _written(trial: _Trial, session: Session, write: Write) -> Outcome:
    outcomes = session.write(trial.calendar.provider_calendar_id, [write])
    outcome = next(iter(outcomes), None)
    if outcome is None:
        raise GiveUp("The provider gave no answer", code="no_outcome")
    if outcome.error is not None:
        raise outcome.error
    return outcome


def _created(trial: _Trial, session: Session, create: Write) -> Write:
    """Makes the event; gives the write that removes it."""
    written = _written(trial, session, create).written
    if written is None:
        raise GiveUp("The provider made no event", code="no_event")
    return replace(
        create, draft=None, provider_event_id=written.provider_event_id, etag=written.etag
    )


def _watched(trial: _Trial, proof: Proof, made: Write) -> Proof:
    """Waits for the notification and the row. Where push stays silent, a poll looks in the end."""
    deadline = trial.started + min(WAIT_SECONDS, trial.service.settings.cron_budget_seconds)
    while elapsed() < deadline and not _complete(proof):
        if proof.notified_seconds is None and _is_told(trial):
            proof = replace(proof, notified_seconds=trial.seconds())
        if proof.notified_seconds is not None:
            _sync(trial)
        elif not trial.push_expected:
            _poll(trial)
        if _is_mirrored(trial, made):
            proof = replace(proof, mirrored_seconds=trial.seconds())
        else:
            pause(PEEK_SECONDS)
    if proof.mirrored_seconds is None:
        _poll(trial)
        if _is_mirrored(trial, made):
            proof = replace(proof, mirrored_seconds=trial.seconds())
    return proof


def _complete(proof: Proof) -> bool:
    told = proof.notified_seconds is not None or not proof.push_expected
    return told and proof.mirrored_seconds is not None


def _is_told(trial: _Trial) -> bool:
    since = trial.calendar.now - timedelta(microseconds=1)
    rows = trial.service.database.read(
        "webhook_notifications",
        where=trial.where | {"outcome": "accepted"},
        after={"received_at": since},
        limit=1,
    )
    return bool(rows)


def _is_mirrored(trial: _Trial, made: Write) -> bool:
    where = trial.where | {"provider_event_id": made.provider_event_id}
    return bool(trial.service.database.read("calendar_events", where=where, limit=1))


def _sync(trial: _Trial) -> None:
    """Where no worker lives, nobody else would do what is due."""
    calendar = trial.calendar
    for claim in claim_calendars(trial.service, 1, calendar.user_id, calendar.calendar_id):
        sync_calendar(trial.service, claim)


def _poll(trial: _Trial) -> None:
    calendar = trial.calendar
    request = PollRequest("manual", calendar.user_id, calendar.calendar_id, smart=False)
    poll(trial.service, request)


def _clean_up(trial: _Trial, session: Session, remove: Write) -> bool:
    """Deletes the event, found by its tag where its id is not known, and reads that it is gone."""
    try:
        _written(trial, session, remove)
    except ProviderError as error:
        log.warning(
            "test_event_left",
            calendar_id=str(trial.calendar.calendar_id),
            tag=remove.tag,
            code=error.code,
        )
        return False
    _poll(trial)
    return True
