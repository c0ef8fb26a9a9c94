"""POST /functions/v1/google-calendar-webhook and /webhooks/google/{calendar_uuid}/."""

from uuid import UUID

from flask import Request, Response

from shared.decide.read_google_notification import read_google_notification
from shared.steps.record_notification import record_notification
from shared.steps.service import Service


def handle(request: Request, service: Service, calendar_id: UUID | None = None) -> Response:
    """Verifies the token, writes the notification down, answers 204.

    Any 4xx is final for Google (guides/push), so a channel that we no longer want gets 204 too.
    """
    notification = read_google_notification(
        dict(request.headers), service.settings.webhook_secrets, calendar_id
    )
    record_notification(service, notification)
    return Response(status=204)
