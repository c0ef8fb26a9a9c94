"""What is wrong with a calendar, what a person can do, and which repair fits."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.states import Health, Repair


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """A calendar as the view calendar_explanations shows it, as far as its health goes."""

    method: str
    push: str
    subscribed: bool
    subscription_expires_at: datetime | None
    webhook_failures: int
    attempts: int
    last_error_code: str | None
    dead_at: datetime | None
    account_status: str
    drifted: bool
    leaked: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and the repair to try."""

    code: str
    health: Health
    recommendation: str
    repair: Repair


ACCESS_LOST = Problem(
    "access_lost",
    Health.BROKEN,
    "Connect the account again: the provider refuses the access it gave.",
    Repair.SIGN_IN,
)


def plan_repairs(facts: CalendarFacts, renew_before: timedelta) -> tuple[Problem, ...]:
    """Gives the problems of a calendar, those of syncing first; none where all is well."""
    if facts.account_status != "active":
        return (ACCESS_LOST,) if facts.account_status == "needs_reauth" else ()
    if facts.method == "disabled":
        return ()
    return (*_sync_problems(facts), *_push_problems(facts, renew_before))


def health_of(problems: tuple[Problem, ...]) -> Health:
    """Gives the worst health that a problem means."""
    if any(problem.health is Health.BROKEN for problem in problems):
        return Health.BROKEN
    return Health.WARNING if problems else Health.OK


def _sync_problems(facts: CalendarFacts) -> Iterator[Problem]:
    error = facts.last_error_code or "unknown"
    if facts.dead_at is not None:
        advice = f"Every sync fails ({error}); mend the cause, then sync again."
        yield Problem("sync_dead", Health.BROKEN, advice, Repair.RETRY)
    elif facts.attempts > 0:
        advice = f"The last {facts.attempts} syncs failed ({error}); the next try comes by itself."
        yield Problem("sync_failing", Health.WARNING, advice, Repair.RETRY)
    if facts.drifted:
        advice = "The mirror differs from the provider; read everything again."
        yield Problem("drift", Health.BROKEN, advice, Repair.RESYNC)


def _push_problems(facts: CalendarFacts, renew_before: timedelta) -> Iterator[Problem]:
    if facts.leaked:
        advice = f"{facts.leaked} channels live at the provider and should not; stop them."
        yield Problem("channels_leaked", Health.WARNING, advice, Repair.STOP_LEAKED)
    if facts.push == "given_up":
        advice = "Push failed too often and was given up; mend the cause, then turn it on again."
        yield Problem("push_given_up", Health.WARNING, advice, Repair.RE_ENABLE)
    elif facts.push == "wanted":
        yield from _subscription_problems(facts, renew_before)


def _subscription_problems(facts: CalendarFacts, renew_before: timedelta) -> Iterator[Problem]:
    ends = facts.subscription_expires_at
    if not facts.subscribed or ends is None:
        advice = "Nothing listens for changes; make the subscription again."
        yield Problem("not_subscribed", Health.WARNING, advice, Repair.RECREATE)
    elif facts.webhook_failures > 0:
        advice = (
            f"Push failed {facts.webhook_failures} times in a row; make the subscription again."
        )
        yield Problem("push_failing", Health.WARNING, advice, Repair.RECREATE)
    elif facts.method == "polling_and_repair":
        advice = "Push has been silent for long; make the subscription again."
        yield Problem("push_silent", Health.WARNING, advice, Repair.RECREATE)
    elif ends - facts.now < renew_before / 2:
        advice = "The subscription ends soon; renew it."
        yield Problem("ends_soon", Health.WARNING, advice, Repair.RENEW)
