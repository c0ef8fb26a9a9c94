"""When failed provider calls are tried again, and when they become dead letters."""

import math

import pytest

from shared.decide.plan_retry import RetryPlan, plan_retry
from shared.states import Failure

MIDDLE = 0.5  # the jitter that changes nothing
HOUR, DAY = 3600, 86_400


def test_a_transient_failure_is_retried_quickly_then_slowly_then_listed_as_dead() -> None:
    plans = [plan_retry(Failure.RETRY, attempt, None, MIDDLE) for attempt in range(1, 12)]
    assert [plan.delay_seconds for plan in plans] == [
        2, 4, 8, 300, 600, 1200, 2400, 4800, 9600, 19_200, 21_600
    ]  # fmt: skip
    assert [plan.dead for plan in plans] == [False] * 7 + [True] * 4


def test_quota_is_never_a_dead_letter() -> None:
    plans = [plan_retry(Failure.QUOTA, attempt, None, MIDDLE) for attempt in (1, 2, 6, 7, 5000)]
    assert [plan.delay_seconds for plan in plans] == [60, 120, 1920, HOUR, HOUR]
    assert not any(plan.dead for plan in plans)


def test_a_dead_cursor_is_replaced_at_once_unless_it_keeps_dying() -> None:
    plans = [plan_retry(Failure.RESYNC, attempt, None, MIDDLE) for attempt in (1, 2, 3, 5, 8)]
    assert [plan.delay_seconds for plan in plans] == [0, 2, 4, 300, 2400]
    assert [plan.dead for plan in plans] == [False, False, False, False, True]


def test_the_hopeless_is_dead_and_looked_at_daily() -> None:
    assert plan_retry(Failure.GIVE_UP, 1, None, MIDDLE) == RetryPlan(DAY, dead=True)


def test_lost_access_waits_for_the_person() -> None:
    assert plan_retry(Failure.REAUTHORIZE, 20, None, MIDDLE) == RetryPlan(6 * HOUR, dead=False)


@pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.75), (0.5, 1.0), (0.999, 1.2495)])
@pytest.mark.parametrize(
    ("failure", "attempt", "seconds"),
    [
        (Failure.RETRY, 2, 4),
        (Failure.RETRY, 4, 300),
        (Failure.QUOTA, 1, 60),
        (Failure.RESYNC, 2, 2),
    ],
)
def test_jitter_spreads_waits_by_a_quarter(
    failure: Failure, attempt: int, seconds: float, jitter: float, share: float
) -> None:
    delay = plan_retry(failure, attempt, None, jitter).delay_seconds
    assert delay == pytest.approx(seconds * share)


@pytest.mark.parametrize(
    ("failure", "told", "delay"),
    [
        (Failure.QUOTA, 1.5, 1.5),
        (Failure.QUOTA, 90, 90),
        (Failure.QUOTA, 0, 1),  # never hammered
        (Failure.QUOTA, 10 * DAY, DAY),
        (Failure.QUOTA, math.inf, DAY),
        (Failure.QUOTA, math.nan, 60),
        (Failure.QUOTA, -5, 60),
        (Failure.RETRY, 7.25, 7.25),
        (Failure.RETRY, 0.5, 2),  # our own wait is the longer one
        (Failure.RETRY, 10 * DAY, DAY),
    ],
)
def test_a_provider_that_says_when_is_heeded(failure: Failure, told: float, delay: float) -> None:
    assert plan_retry(failure, 1, told, MIDDLE).delay_seconds == delay


def test_counting_may_begin_at_zero() -> None:
    assert plan_retry(Failure.RETRY, 0, None, MIDDLE) == RetryPlan(2, dead=False)
