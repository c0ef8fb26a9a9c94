"""How often a calendar is polled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.decide.plan_poll import Rhythm, poll_interval_seconds

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTES, HOURS = 60, 3600
MIDDLE = 0.5  # the jitter that changes nothing


def rhythm(
    quiet_polls: int = 0,
    failures: int = 0,
    next_occurrence_at: datetime | None = None,
    *,
    listening: bool = False,
) -> Rhythm:
    return Rhythm(listening, quiet_polls, failures, next_occurrence_at)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.99])
def test_while_listening_a_poll_only_verifies(jitter: float) -> None:
    busy = rhythm(quiet_polls=0, next_occurrence_at=NOW, listening=True)
    assert poll_interval_seconds(busy, NOW, jitter=jitter) == 6 * HOURS


def test_without_notifications_quiet_calendars_are_polled_ever_less() -> None:
    intervals = [
        poll_interval_seconds(rhythm(quiet), NOW, jitter=MIDDLE) for quiet in (0, 1, 2, 6, 7, 9999)
    ]
    assert intervals == [
        5 * MINUTES, 10 * MINUTES, 20 * MINUTES, 320 * MINUTES, 6 * HOURS, 6 * HOURS
    ]  # fmt: skip


def test_each_unannounced_change_takes_one_doubling_back() -> None:
    intervals = [
        poll_interval_seconds(rhythm(4, failures), NOW, jitter=MIDDLE) for failures in (0, 1, 4, 9)
    ]
    assert intervals == [80 * MINUTES, 40 * MINUTES, 5 * MINUTES, 5 * MINUTES]


@pytest.mark.parametrize(
    ("begins_in", "minutes"),
    [
        (timedelta(minutes=-1), 160),
        (timedelta(0), 10),
        (timedelta(hours=2), 10),
        (timedelta(hours=2, seconds=1), 160),
    ],
)
def test_before_something_begins_it_stays_close(begins_in: timedelta, minutes: int) -> None:
    soon = rhythm(quiet_polls=5, next_occurrence_at=NOW + begins_in)
    assert poll_interval_seconds(soon, NOW, jitter=MIDDLE) == minutes * MINUTES


@pytest.mark.parametrize(
    ("quiet_polls", "jitter", "seconds"),
    [
        (0, 0.0, 5 * MINUTES),  # never below the shortest
        (0, 0.9, 5 * MINUTES * 1.2),
        (2, 0.0, 15 * MINUTES),
        (99, 0.9, 6 * HOURS),  # never above the longest
        (99, 0.0, 4.5 * HOURS),
    ],
)
def test_jitter_stays_within_the_bounds(quiet_polls: int, jitter: float, seconds: float) -> None:
    interval = poll_interval_seconds(rhythm(quiet_polls), NOW, jitter=jitter)
    assert interval == pytest.approx(seconds)


@pytest.mark.parametrize(("jitter", "minutes"), [(0.0, 5), (0.5, 7.5), (0.999, 9.995)])
def test_where_there_is_no_push_polls_stay_frequent(jitter: float, minutes: float) -> None:
    caldav = Rhythm(
        listening=False, quiet_polls=99, failures=0, next_occurrence_at=None, has_push=False
    )
    interval = poll_interval_seconds(caldav, NOW, jitter=jitter)
    assert interval == pytest.approx(minutes * MINUTES)


def test_without_push_too_the_settings_bind() -> None:
    caldav = Rhythm(False, 0, 0, None, has_push=False)
    bound = poll_interval_seconds(caldav, NOW, stale_after=timedelta(minutes=6), jitter=0.9)
    assert bound == 6 * MINUTES
    rarely = poll_interval_seconds(caldav, NOW, shortest=timedelta(minutes=20), jitter=0.5)
    assert rarely == 15 * MINUTES


def test_both_bounds_are_settings() -> None:
    interval = poll_interval_seconds(
        rhythm(1), NOW, stale_after=timedelta(hours=1), shortest=timedelta(minutes=1), jitter=MIDDLE
    )
    assert interval == 2 * MINUTES


def test_what_was_announced_and_not_found_is_looked_for_once_more() -> None:
    waiting = replace(rhythm(listening=True), unexplained=True)
    assert poll_interval_seconds(waiting, NOW, jitter=0.9) == 20
