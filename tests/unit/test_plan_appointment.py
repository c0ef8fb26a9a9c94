"""Two-way appointments: bases, renditions, echoes, clocks; the table itself is a flow test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.decide.appointment_content import (
    Content,
    Times,
    content_from_row,
    content_row,
    differing_there,
)
from shared.decide.plan_appointment import Moments, Plan, Sides, newest, plan_appointment
from shared.states import ConflictKind, ConflictPolicy, Decision, MergedEvent

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SKEW = timedelta(seconds=5)
TIMES = Times("2026-11-24T08:00:00.000000Z", "2026-11-24T09:00:00.000000Z", None, None)
BASE = Content(
    "Review", "Numbers", "Room 4", replace(TIMES, time_zone="Europe/Berlin"), "busy", "default"
)
OURS, THEIRS = replace(BASE, summary="Ours"), replace(BASE, summary="Theirs")
MOMENTS = Moments(local=NOON, remote=NOON, agreed=NOON, seen=NOON)


def plan(sides: Sides, policy: ConflictPolicy = ConflictPolicy.PROVIDER_WINS) -> Plan:
    return plan_appointment(sides, policy, MOMENTS, SKEW)


def test_an_echo_is_how_the_provider_renders_what_we_wrote() -> None:
    """Google has no out of office for ordinary events: that is nobody's change."""
    away = replace(BASE, show_as="out_of_office")
    rendered = replace(away, show_as="busy")
    echo = plan(Sides(local=away, remote=rendered, base=away, is_echo=True))
    assert echo == Plan(MergedEvent.KEEP, away, away)
    moved = replace(rendered, summary="Theirs")
    later = plan(Sides(local=away, remote=moved, base=away, base_remote=rendered))
    assert later.local == replace(away, summary="Theirs")
    assert later.event is MergedEvent.KEEP


def test_a_write_whose_answer_was_lost_is_no_change_of_somebody_else() -> None:
    again = replace(BASE, summary="Ours again")
    found = plan(Sides(local=again, remote=OURS, base=BASE, offers=(OURS,)))
    assert found == Plan(MergedEvent.UPDATE, again, OURS)
    arrived = plan(Sides(local=OURS, remote=OURS, base=None, offers=(OURS,)))
    assert arrived == Plan(MergedEvent.KEEP, OURS, OURS)


def test_a_write_that_was_refused_does_not_hide_a_change_there() -> None:
    """Undecided between the agreed version and what was offered: the agreed one counts."""
    found = plan(Sides(local=OURS, remote=THEIRS, base=BASE, offers=(OURS,)))
    assert found.conflict is not None
    assert found.conflict.base == BASE
    assert (found.conflict.local, found.conflict.remote) == (OURS, THEIRS)


def test_without_a_common_version_every_difference_is_a_conflict() -> None:
    local = replace(OURS, location="Garden")
    found = plan(Sides(local=local, remote=THEIRS, base=None))
    assert found.conflict is not None
    assert found.conflict.fields == ("location", "summary")
    assert (found.local, found.event) == (THEIRS, MergedEvent.KEEP)
    ours = plan(Sides(local=local, remote=THEIRS, base=None), ConflictPolicy.LOCAL_WINS)
    assert (ours.local, ours.base, ours.event) == (local, THEIRS, MergedEvent.UPDATE)
    assert plan(Sides(local=BASE, remote=BASE, base=None)) == Plan(MergedEvent.KEEP, BASE, BASE)


def test_the_loser_of_one_field_keeps_its_others() -> None:
    local = replace(OURS, location="Garden")
    remote = replace(THEIRS, description="New")
    found = plan(Sides(local=local, remote=remote, base=BASE))
    assert found.local == replace(BASE, summary="Theirs", location="Garden", description="New")
    assert found.base == replace(BASE, summary="Theirs", description="New")
    assert found.event is MergedEvent.UPDATE
    assert found.conflict is not None
    assert found.conflict.fields == ("summary",)
    assert found.conflict.merged == found.local


def test_both_changed_alike_is_agreed() -> None:
    assert plan(Sides(local=OURS, remote=OURS, base=BASE)) == Plan(MergedEvent.KEEP, OURS, OURS)


def test_a_zone_that_the_provider_does_not_tell_stays() -> None:
    moved = replace(TIMES, end_at="2026-11-24T10:00:00.000000Z")
    found = plan(Sides(local=BASE, remote=replace(BASE, when=moved), base=BASE))
    assert found.local is not None
    assert found.local.when == replace(moved, time_zone="Europe/Berlin")
    days = Times(start_date="2026-11-24", end_date="2026-11-25")
    whole = plan(Sides(local=BASE, remote=replace(BASE, when=days), base=BASE))
    assert whole.local is not None
    assert whole.local.when == days


@pytest.mark.parametrize(
    ("here", "there", "fields"),
    [
        (replace(BASE, description=None), replace(BASE, description=""), set()),
        (replace(BASE, description="a\nb"), replace(BASE, description="a\r\nb\n"), set()),
        (BASE, replace(BASE, when=TIMES), set()),
        (BASE, replace(BASE, when=replace(TIMES, time_zone="UTC")), {"when"}),
        (BASE, replace(BASE, when=replace(TIMES, end_at="later")), {"when"}),
        (BASE, replace(BASE, visibility="private", show_as="free"), {"visibility", "show_as"}),
    ],
)
def test_what_providers_change_by_themselves_is_no_difference(
    here: Content, there: Content, fields: set[str]
) -> None:
    assert differing_there(here, there) == differing_there(there, here) == fields


def test_what_was_deleted_there() -> None:
    gone = Sides(local=BASE, remote=None, base=BASE)
    assert plan(gone) == Plan(MergedEvent.FORGET, None, None)
    assert plan(replace(gone, local=None)) == Plan(MergedEvent.FORGET, None, None)
    changed = plan(replace(gone, local=OURS), ConflictPolicy.LOCAL_WINS)
    assert (changed.event, changed.local) == (MergedEvent.RECREATE, OURS)
    assert changed.conflict is not None
    assert changed.conflict.kind is ConflictKind.DELETED_THERE
    unknown = plan(Sides(local=OURS, remote=None, base=None))
    assert unknown.event is MergedEvent.FORGET
    assert unknown.conflict is not None
    assert unknown.conflict.local == OURS, "what nobody agreed on is kept"


def test_what_was_deleted_here() -> None:
    deleted = Sides(local=None, remote=BASE, base=BASE)
    assert plan(deleted) == Plan(MergedEvent.DELETE, None, BASE)
    for base in (BASE, None):
        kept = plan(replace(deleted, remote=THEIRS, base=base))
        assert (kept.event, kept.local, kept.base) == (MergedEvent.KEEP, THEIRS, THEIRS)
        assert kept.conflict is not None
        assert kept.conflict.kind is ConflictKind.DELETED_HERE
    ours = plan(replace(deleted, remote=THEIRS), ConflictPolicy.LOCAL_WINS)
    assert (ours.event, ours.local) == (MergedEvent.DELETE, None)


@pytest.mark.parametrize("policy", ConflictPolicy)
def test_a_series_waits_whatever_the_policy(policy: ConflictPolicy) -> None:
    for base in (BASE, None):
        found = plan(Sides(local=BASE, remote=BASE, base=base, is_series=True), policy)
        assert found.conflict is not None
        assert found.conflict.kind is ConflictKind.BECAME_SERIES
        assert found.conflict.decision is Decision.PENDING


@pytest.mark.parametrize(
    ("local", "remote", "agreed", "seen", "expected"),
    [
        (6, 0, -60, 60, Decision.LOCAL),
        (5, 0, -60, 60, Decision.REMOTE),  # a tie: within the skew
        (0, 0, -60, 60, Decision.REMOTE),
        (-6, 0, -60, 60, Decision.REMOTE),
        (61, 3600, -60, 60, Decision.REMOTE),  # a stamp of the future: as we saw it, a tie
        (66, 3600, -60, 60, Decision.LOCAL),
        (-54, -3600, -60, 60, Decision.LOCAL),  # a stamp before the agreement: as that
        (-56, -3600, -60, 60, Decision.REMOTE),
        (30, None, -60, 60, Decision.REMOTE),  # no stamp: perhaps the moment before we saw it
        (66, None, -60, 60, Decision.LOCAL),
        (6, 0, None, 60, Decision.LOCAL),
    ],
)
def test_newest(
    local: int, remote: int | None, agreed: int | None, seen: int, expected: Decision
) -> None:
    """All in seconds after noon."""

    def at(seconds: int) -> datetime:
        return NOON + timedelta(seconds=seconds)

    moments = Moments(
        at(local),
        None if remote is None else at(remote),
        None if agreed is None else at(agreed),
        at(seen),
    )
    assert newest(moments, SKEW) is expected


def test_a_version_is_the_row_of_the_database_and_back() -> None:
    row = content_row(BASE)
    assert row["time_zone"] == "Europe/Berlin"
    assert row["start_at"] == TIMES.start_at
    assert content_from_row(row) == BASE
