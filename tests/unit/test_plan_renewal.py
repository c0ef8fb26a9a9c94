"""When a subscription is renewed, and which window is materialised."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.decide.plan_renewal import plan_life, plan_renewal
from shared.decide.plan_window import plan_window
from shared.model import Window
from shared.states import Provider

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # a Tuesday
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@pytest.mark.parametrize(
    ("life", "renew_before", "jitter", "ahead"),
    [
        (WEEK, DAY, 0.0, WEEK * 0.2),  # a fifth of a week is more than a day
        (WEEK, 2 * DAY, 0.0, 2 * DAY),
        (WEEK, 2 * DAY, 0.5, 2 * DAY + WEEK * 0.05),
        (WEEK, 6 * DAY, 0.0, WEEK * 0.5),  # never in the first half of its life
        (timedelta(hours=1), DAY, 0.9, timedelta(minutes=30)),
    ],
)
def test_renews_well_ahead_of_the_end(
    life: timedelta, renew_before: timedelta, jitter: float, ahead: timedelta
) -> None:
    assert plan_renewal(NOW, NOW + life, renew_before, jitter) == NOW + life - ahead


def test_the_window_is_made_of_whole_weeks() -> None:
    assert plan_window(NOW, 30, 364) == Window(
        datetime(2026, 10, 19, tzinfo=UTC), datetime(2027, 11, 22, tzinfo=UTC)
    )


@pytest.mark.parametrize("hours", [0, 100, 158])
def test_the_window_slides_once_a_week(hours: int) -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    assert plan_window(monday + timedelta(hours=hours), 30, 364) == plan_window(NOW, 30, 364)


def test_the_window_holds_at_least_what_was_asked_for() -> None:
    window = plan_window(NOW, 30, 365)
    assert window.start <= NOW - 30 * DAY
    assert window.end >= NOW + 365 * DAY


def test_no_life_is_asked_for_that_the_provider_refuses() -> None:
    assert plan_life(Provider.GOOGLE, WEEK) == WEEK
    assert plan_life(Provider.MICROSOFT, WEEK) == timedelta(minutes=10_080 - 15)
    assert plan_life(Provider.MICROSOFT, DAY) == DAY
