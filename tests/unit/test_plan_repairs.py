"""What is wrong with a calendar, and which repair fits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.decide.plan_repairs import CalendarFacts, health_of, plan_repairs
from shared.states import Health, Repair

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LEAD = timedelta(hours=26)
WELL = CalendarFacts(
    method="webhook",
    push="wanted",
    subscribed=True,
    subscription_expires_at=NOW + timedelta(days=5),
    webhook_failures=0,
    attempts=0,
    last_error_code=None,
    dead_at=None,
    account_status="active",
    drifted=False,
    leaked=0,
    now=NOW,
)


def test_nothing_is_wrong_with_a_calendar_that_is_well() -> None:
    assert plan_repairs(WELL, LEAD) == ()
    assert health_of(()) is Health.OK


@pytest.mark.parametrize(
    ("facts", "code", "health", "repair"),
    [
        ({"account_status": "needs_reauth"}, "access_lost", Health.BROKEN, Repair.SIGN_IN),
        ({"dead_at": NOW, "attempts": 8}, "sync_dead", Health.BROKEN, Repair.RETRY),
        (
            {"attempts": 2, "last_error_code": "network"},
            "sync_failing",
            Health.WARNING,
            Repair.RETRY,
        ),
        ({"drifted": True}, "drift", Health.BROKEN, Repair.RESYNC),
        ({"leaked": 2}, "channels_leaked", Health.WARNING, Repair.STOP_LEAKED),
        (
            {"push": "given_up", "subscribed": False},
            "push_given_up",
            Health.WARNING,
            Repair.RE_ENABLE,
        ),
        ({"subscribed": False}, "not_subscribed", Health.WARNING, Repair.RECREATE),
        ({"subscription_expires_at": None}, "not_subscribed", Health.WARNING, Repair.RECREATE),
        ({"webhook_failures": 1}, "push_failing", Health.WARNING, Repair.RECREATE),
        ({"method": "polling_and_repair"}, "push_silent", Health.WARNING, Repair.RECREATE),
        (
            {"subscription_expires_at": NOW + timedelta(hours=12)},
            "ends_soon",
            Health.WARNING,
            Repair.RENEW,
        ),
    ],
)
def test_each_trouble_has_its_repair(
    facts: dict[str, Any], code: str, health: Health, repair: Repair
) -> None:
    (problem,) = plan_repairs(replace(WELL, **facts), LEAD)
    assert (problem.code, problem.health, problem.repair) == (code, health, repair)
    assert problem.recommendation.endswith(".")
    assert health_of((problem,)) is health


@pytest.mark.parametrize(
    "facts",
    [
        {"method": "disabled"},
        {"account_status": "disconnected"},
        {"push": "turned_off", "subscribed": False},
        {"push": "unsupported", "subscribed": False, "method": "polling"},
        {"subscription_expires_at": NOW + timedelta(hours=14)},
    ],
)
def test_what_somebody_wanted_so_is_no_trouble(facts: dict[str, Any]) -> None:
    assert plan_repairs(replace(WELL, **facts), LEAD) == ()


def test_the_worst_trouble_counts() -> None:
    problems = plan_repairs(replace(WELL, attempts=1, drifted=True, leaked=1), LEAD)
    assert [each.code for each in problems] == ["sync_failing", "drift", "channels_leaked"]
    assert health_of(problems) is Health.BROKEN
