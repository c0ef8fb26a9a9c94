"""Record a verified webhook notification: the one durable call before the answer."""

import structlog

from shared.decide.read_google_notification import GoogleNotification
from shared.steps.service import Service

log = structlog.get_logger()


def record_notification(service: Service, notification: GoogleNotification) -> str:
    """Writes the notification down and makes its calendar due; gives the outcome.

    Outcomes: accepted, confirmed, duplicate, retired_channel, unknown_channel, calendar_gone.
    """
    (row,) = service.database.call(
        "record_notification",
        calendar_id=notification.calendar_id,
        channel_id=notification.channel_id,
        resource_id=notification.resource_id,
        resource_state=notification.resource_state,
        message_number=notification.message_number,
        expires_at=notification.expires_at,
    )
    outcome: str = row["outcome"]
    log.info(
        "notification",
        calendar_id=str(notification.calendar_id),
        channel_id=notification.channel_id,
        state=notification.resource_state,
        number=notification.message_number,
        outcome=outcome,
    )
    return outcome
