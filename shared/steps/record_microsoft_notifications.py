"""Record the verified items of a Graph notification: the one durable call before the answer."""

import structlog

from shared.decide.read_microsoft_notification import MicrosoftDelivery
from shared.steps.service import Service

log = structlog.get_logger()


def record_microsoft_notifications(service: Service, delivery: MicrosoftDelivery) -> list[str]:
    """Writes the items down and makes their calendars due; gives the outcomes.

    Outcomes: accepted, reacted, duplicate, retired_channel, unknown_channel, calendar_gone.
    """
    rows = service.database.call(
        "record_microsoft_notifications",
        items=[
            {
                "calendar_id": each.calendar_id,
                "subscription_id": each.subscription_id,
                "channel_id": each.channel_id,
                "resource_id": each.resource_id,
                "state": each.state,
                "message_number": each.message_number,
                "expires_at": each.expires_at,
            }
            for each in delivery.notifications
        ],
    )
    outcomes = [str(row["outcome"]) for row in rows]
    log.info(
        "notifications",
        calendars=sorted({str(row["calendar_id"]) for row in rows}),
        outcomes=sorted(outcomes),
        forged=delivery.forged,
    )
    return outcomes
