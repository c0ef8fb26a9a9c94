"""Push as a person wants it: on, off, or made again; done at the provider before we answer."""

from collections.abc import Mapping
from uuid import UUID

from shared.steps.service import Service
from shared.steps.stop_subscriptions import stop_due
from shared.steps.subscribe import subscribe_due

BATCH = 100

Audit = Mapping[str, str]


def turn_push_on(
    service: Service, user_id: UUID, calendar_id: UUID | None, audit: Audit
) -> tuple[int, int]:
    """Has subscriptions made for a person's calendars (or one); gives (made, failed)."""
    service.database.call("turn_push_on", user_id=user_id, calendar_id=calendar_id, **audit)
    return subscribe_due(service, BATCH, user_id, calendar_id)


def turn_push_off(service: Service, user_id: UUID, calendar_id: UUID | None, audit: Audit) -> int:
    """Ends push for a person's calendars (or one); gives how many channels the provider stopped.

    One that cannot be stopped now is tried again by upkeep, until it ends by itself.
    """
    service.database.call("turn_push_off", user_id=user_id, calendar_id=calendar_id, **audit)
    accounts = service.database.read("calendar_accounts", where={"user_id": user_id})
    return sum(stop_due(service, BATCH, UUID(str(account["id"]))) for account in accounts)


def recreate(service: Service, user_id: UUID, calendar_id: UUID | None) -> tuple[int, int]:
    """Replaces subscriptions now, whenever they end; gives (made, failed)."""
    service.database.call(
        "make_renewals_due",
        lead_seconds=service.settings.renew_before_hours * 3600,
        user_id=user_id,
        calendar_id=calendar_id,
    )
    return subscribe_due(service, BATCH, user_id, calendar_id)
