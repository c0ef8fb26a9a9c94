"""Who may call the cron and polling functions."""

from flask import Request

from shared.decide.allow_caller import allow_caller
from shared.errors import Unauthorized
from shared.steps.service import Service


def require_operator(request: Request, service: Service) -> None:
    """Lets CRON_SECRET and the service-role key through; raises `Unauthorized` for others."""
    settings = service.settings
    secrets = (settings.cron_secret, settings.service_role_key)
    if not allow_caller(request.headers.get("Authorization"), secrets):
        raise Unauthorized(
            "Send CRON_SECRET or the service-role key as: Authorization: Bearer <secret>"
        )
