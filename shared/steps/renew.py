"""Renew: replace webhook subscriptions before they end, and clean up after them."""

from dataclasses import dataclass
from uuid import UUID

from shared.clock import elapsed
from shared.steps.maintain import keep_up, maintain
from shared.steps.service import Service
from shared.steps.subscribe import subscribe_due

BATCH = 20


@dataclass(frozen=True, slots=True)
class RenewReport:
    """What a renewal run did."""

    due: int
    renewed: int
    failed: int
    stopped: int
    expired: int


def renew(
    service: Service, user_id: UUID | None = None, calendar_id: UUID | None = None
) -> RenewReport:
    """Renews what ends within RENEW_BEFORE_HOURS, stops what was replaced, expires what ran out.

    With a person or a calendar named, theirs are renewed now, and push that was given up is tried
    again. Ends after CRON_BUDGET_SECONDS; what is left stays due for the workers and the next run.
    """
    (due,) = service.database.call(
        "make_renewals_due",
        lead_seconds=service.settings.renew_before_hours * 3600,
        user_id=user_id,
        calendar_id=calendar_id,
    )
    deadline = elapsed() + service.settings.cron_budget_seconds
    made, failed = subscribe_due(service, BATCH, user_id, calendar_id)
    stopped = expired = 0
    while True:
        upkeep = keep_up(service, BATCH)
        made, failed = made + upkeep.subscriptions_made, failed + upkeep.subscriptions_failed
        stopped += upkeep.subscriptions_stopped
        expired += upkeep.subscriptions_expired
        if not upkeep.busy or elapsed() > deadline:
            break
    maintain(service)
    return RenewReport(due["due"], made, failed, stopped, expired)
