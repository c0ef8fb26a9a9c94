"""When to try again after a failed provider call, and when to call it dead."""

import math
from dataclasses import dataclass

from shared.states import Failure

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

DEAD_FROM_ATTEMPT = 8
QUICK_RETRIES = 3
QUICK_FIRST, SLOW_FIRST, SLOW_LONGEST = 2.0, 5 * MINUTE, 6 * HOUR
QUOTA_FIRST, QUOTA_LONGEST = MINUTE, HOUR
SHORTEST_QUOTA_WAIT = 1.0  # a provider that says "0 seconds" is not hammered


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Wait `delay_seconds`; if `dead`, it is listed as a dead letter until then."""

    delay_seconds: float
    dead: bool


def plan_retry(
    failure: Failure, attempts: int, retry_after: float | None, jitter: float
) -> RetryPlan:
    """What follows the failure number `attempts` in a row (1 is the first).

    `retry_after` is what the provider asked for, in seconds, honoured up to a day; `jitter` in
    [0, 1) spreads each of our own waits by ±25 %, as Google's quota guide advises.
    """
    attempts = max(attempts, 1)
    told = _told(retry_after)
    spread = 0.75 + jitter / 2
    match failure:
        case Failure.RETRY:
            wait = max(_backoff(attempts) * spread, told or 0.0)
            return RetryPlan(wait, dead=attempts >= DEAD_FROM_ATTEMPT)
        case Failure.QUOTA:
            own = _doubling(QUOTA_FIRST, attempts, QUOTA_LONGEST) * spread
            return RetryPlan(own if told is None else max(told, SHORTEST_QUOTA_WAIT), dead=False)
        case Failure.RESYNC:
            # A dead cursor is no trouble: read everything at once. One that dies again is.
            wait = _backoff(attempts - 1) * spread if attempts > 1 else 0.0
            return RetryPlan(wait, dead=attempts >= DEAD_FROM_ATTEMPT)
        case Failure.GIVE_UP:
            return RetryPlan(DAY, dead=True)
        case Failure.REAUTHORIZE:  # pragma: no branch - mypy proves the list complete
            return RetryPlan(6 * HOUR, dead=False)


def _told(retry_after: float | None) -> float | None:
    if retry_after is None or math.isnan(retry_after) or retry_after < 0:
        return None
    return min(retry_after, DAY)


def _backoff(attempts: int) -> float:
    """Three quick retries for a hiccup, then the rhythm of polling."""
    if attempts <= QUICK_RETRIES:
        return _doubling(QUICK_FIRST, attempts, SLOW_FIRST)
    return _doubling(SLOW_FIRST, attempts - QUICK_RETRIES, SLOW_LONGEST)


def _doubling(first: float, attempts: int, longest: float) -> float:
    # The exponent is bounded because a float overflows after some thousand attempts.
    return min(longest, first * 2.0 ** min(attempts - 1, 60))
