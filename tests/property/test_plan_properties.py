"""Waits stay within their bounds, whatever happened."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.plan_poll import Rhythm, poll_interval_seconds
from shared.decide.plan_retry import DAY, HOUR, plan_retry
from shared.states import Failure

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
jitters = st.floats(0, 1, exclude_max=True)
attempts = st.integers(0, 10**9)
told = st.none() | st.floats()
rhythms = st.builds(
    Rhythm,
    listening=st.booleans(),
    quiet_polls=st.integers(0, 10**9),
    failures=st.integers(0, 10**6),
    next_occurrence_at=st.none()
    | st.timedeltas(timedelta(days=-9), timedelta(days=9)).map(lambda ahead: NOW + ahead),
)


@given(st.sampled_from(Failure), attempts, told, jitters)
def test_every_failure_is_looked_at_again_within_a_day(
    failure: Failure, attempt: int, retry_after: float | None, jitter: float
) -> None:
    plan = plan_retry(failure, attempt, retry_after, jitter)
    assert 0 <= plan.delay_seconds <= DAY
    assert math.isfinite(plan.delay_seconds)


@given(attempts, told, jitters)
def test_quota_never_dies_and_never_hurries(
    attempt: int, retry_after: float | None, jitter: float
) -> None:
    plan = plan_retry(Failure.QUOTA, attempt, retry_after, jitter)
    assert not plan.dead
    assert plan.delay_seconds >= 1
    if retry_after is None:
        assert 45 <= plan.delay_seconds <= 1.25 * HOUR


@given(st.sampled_from([Failure.RETRY, Failure.QUOTA]), attempts, st.floats(1, DAY), jitters)
def test_never_sooner_than_the_provider_asked(
    failure: Failure, attempt: int, retry_after: float, jitter: float
) -> None:
    assert plan_retry(failure, attempt, retry_after, jitter).delay_seconds >= retry_after


@given(st.sampled_from(Failure), st.integers(1, 100), jitters)
def test_waits_grow_and_the_dead_stay_dead(failure: Failure, attempt: int, jitter: float) -> None:
    plan = plan_retry(failure, attempt, None, jitter)
    later = plan_retry(failure, attempt + 1, None, jitter)
    assert later.delay_seconds >= plan.delay_seconds
    assert later.dead >= plan.dead


@given(rhythms, jitters, st.integers(60, 3600), st.integers(3600, 86_400))
def test_a_poll_interval_stays_within_its_bounds(
    rhythm: Rhythm, jitter: float, shortest: int, longest: int
) -> None:
    interval = poll_interval_seconds(
        rhythm,
        NOW,
        stale_after=timedelta(seconds=longest),
        shortest=timedelta(seconds=shortest),
        jitter=jitter,
    )
    assert shortest <= interval <= longest
    if rhythm.listening:
        assert interval == longest
