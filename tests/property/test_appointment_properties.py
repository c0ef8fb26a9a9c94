"""Merging appointments: nothing is lost or done twice, and both sides are treated alike."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.appointment_content import FIELDS, Content, Times
from shared.decide.plan_appointment import Moments, Plan, Sides, plan_appointment
from shared.states import ConflictPolicy, Decision, MergedEvent

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SKEW = timedelta(seconds=5)

words = st.sampled_from(["a", "b", "c"])
times = st.builds(Times, start_at=words, end_at=words, time_zone=words)
contents = st.builds(
    Content,
    summary=words,
    description=words,
    location=words,
    when=times,
    show_as=words,
    visibility=words,
)
versions = st.none() | contents
policies = st.sampled_from(ConflictPolicy)
instants = st.integers(-30, 30).map(lambda seconds: NOON + timedelta(seconds=seconds))
moments = st.builds(
    Moments, local=instants, remote=st.none() | instants, agreed=st.none() | instants, seen=instants
)
sides = st.builds(
    Sides,
    local=versions,
    remote=versions,
    base=versions,
    offers=st.lists(contents, max_size=2).map(tuple),
)


def plan(both: Sides, policy: ConflictPolicy, at: Moments) -> Plan:
    return plan_appointment(both, policy, at, SKEW)


@given(both=sides, policy=policies, at=moments)
def test_no_value_is_lost(both: Sides, policy: ConflictPolicy, at: Moments) -> None:
    """What a side changed is in the result, or both versions stand in the conflict."""
    done = plan(both, policy, at)
    if done.conflict is not None:
        assert (done.conflict.local, done.conflict.remote) == (both.local, both.remote)
        return
    known = [version for version in (both.base, *both.offers) if version is not None]
    for side in filter(None, (both.local, both.remote)):
        for name in FIELDS:
            value = getattr(side, name)
            kept = done.local is not None and getattr(done.local, name) == value
            assert kept or value in [getattr(version, name) for version in known]


@given(both=sides, policy=policies, at=moments)
def test_a_merge_done_again_changes_nothing(
    both: Sides, policy: ConflictPolicy, at: Moments
) -> None:
    """Once both sides have the outcome, with the base that it says, there is nothing to do."""
    done = plan(both, policy, at)
    if done.local is None or (done.conflict and done.conflict.decision is Decision.PENDING):
        return
    again = plan(Sides(local=done.local, remote=done.local, base=done.local), policy, at)
    assert again == Plan(MergedEvent.KEEP, done.local, done.local)
    if both.remote is not None and done.event is MergedEvent.UPDATE:
        # The event is still the one that was merged: the same write is called for, no conflict.
        waiting = Sides(done.local, both.remote, done.base, base_remote=both.remote)
        assert plan(waiting, policy, at) == Plan(MergedEvent.UPDATE, done.local, done.base)


@given(local=contents, remote=contents, base=contents, at=moments)
def test_both_sides_are_treated_alike(
    local: Content, remote: Content, base: Content, at: Moments
) -> None:
    """With sides and policy exchanged, the outcome is the same."""
    theirs = plan(Sides(local, remote, base), ConflictPolicy.PROVIDER_WINS, at)
    ours = plan(Sides(remote, local, base), ConflictPolicy.LOCAL_WINS, at)
    assert theirs.local == ours.local
    assert (theirs.conflict is None) == (ours.conflict is None)
    if theirs.conflict is not None and ours.conflict is not None:
        assert theirs.conflict.fields == ours.conflict.fields


@given(both=sides, at=moments)
def test_a_person_who_is_asked_finds_nothing_decided(both: Sides, at: Moments) -> None:
    done = plan(both, ConflictPolicy.MANUAL, at)
    if done.conflict is not None:
        assert done.conflict.decision in (Decision.PENDING, Decision.MERGED)
    for policy in ConflictPolicy:
        other = plan(both, policy, at)
        assert (other.conflict is None) == (done.conflict is None), "the policy only decides"
