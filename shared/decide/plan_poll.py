"""How long to wait before a calendar is polled again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SOON = timedelta(hours=2)
LONGEST_BEFORE_AN_OCCURRENCE = timedelta(minutes=10)
LONGEST_WITHOUT_PUSH = timedelta(minutes=10)
SECOND_LOOK = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of a calendar's liveliness.

    `listening`: it has a healthy webhook subscription; `quiet_polls`: syncs in a row that found
    nothing; `failures`: changes in a row that no notification announced; `has_push`: the provider
    can announce changes at all; `unexplained`: a change was announced but is not listed yet.
    """

    listening: bool
    quiet_polls: int
    failures: int
    next_occurrence_at: datetime | None
    has_push: bool = True
    unexplained: bool = False


def poll_interval_seconds(
    rhythm: Rhythm,
    now: datetime,
    *,
    stale_after: timedelta = timedelta(hours=6),
    shortest: timedelta = timedelta(minutes=5),
    jitter: float,
) -> float:
    """Seconds until the next poll, mostly in [`shortest`, `stale_after`]; `jitter` spreads ±25 %.

    While notifications arrive, a poll only verifies the subscription. Otherwise the interval
    doubles with every quiet poll, but every change that went unannounced takes one doubling
    back; before something begins, people change plans, so it stays short. Where polls are all
    there ever is, they come at any time between `shortest` and ten minutes. What was announced
    and not found is looked for once more, soon.
    """
    if rhythm.unexplained:
        return SECOND_LOOK.total_seconds()
    longest = stale_after.total_seconds()
    if not rhythm.has_push:
        least, most = sorted((shortest.total_seconds(), LONGEST_WITHOUT_PUSH.total_seconds()))
        return min(least + jitter * (most - least), longest)
    if rhythm.listening:
        return longest
    doublings = min(max(rhythm.quiet_polls - rhythm.failures, 0), 60)
    interval = shortest.total_seconds() * 2.0**doublings
    if _begins_soon(rhythm.next_occurrence_at, now):
        interval = min(interval, LONGEST_BEFORE_AN_OCCURRENCE.total_seconds())
    spread = min(interval, longest) * (0.75 + jitter / 2)
    return min(max(spread, shortest.total_seconds()), longest)


def _begins_soon(next_occurrence_at: datetime | None, now: datetime) -> bool:
    return next_occurrence_at is not None and now <= next_occurrence_at <= now + SOON
