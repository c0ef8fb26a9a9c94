"""POST /functions/v1/microsoft-calendar-webhook and /webhooks/microsoft/{calendar_uuid}/."""

import json
from uuid import UUID

from flask import Request, Response

from shared.decide.read_microsoft_notification import (
    read_microsoft_notification,
    read_validation_token,
)
from shared.errors import InvalidRequest
from shared.steps.record_microsoft_notifications import record_microsoft_notifications
from shared.steps.service import Service

MAX_BODY_BYTES = 1024 * 1024  # an item is about a kilobyte; Graph does not say how many it joins


def handle(request: Request, service: Service, calendar_id: UUID | None = None) -> Response:
    """Answers the handshake with its token; else verifies, writes down, and answers 202.

    The handshake comes while the request that makes the subscription is pending; the token proves
    nothing and nothing is done for it. Items that are not genuine are dropped and the others
    count; 403 where none is. Graph repeats for hours what is not answered 2xx, so a subscription
    that we no longer want gets 202 too.
    """
    token = request.args.get("validationToken")
    if token is not None:
        return _plain(read_validation_token(token))
    request.max_content_length = MAX_BODY_BYTES
    secrets = service.settings.webhook_secrets
    delivery = read_microsoft_notification(_json(request), secrets, calendar_id)
    record_microsoft_notifications(service, delivery)
    return Response(status=202)


def _json(request: Request) -> object:
    try:
        return json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is no JSON.") from None


def _plain(text: str) -> Response:
    """As text and nothing else: it comes from whoever asks."""
    response = Response(text, status=200, content_type="text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
