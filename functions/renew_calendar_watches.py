"""POST /functions/v1/renew-calendar-watches: renew webhook subscriptions before they end."""

from dataclasses import asdict

from flask import Request, Response, jsonify

from functions.bodies import json_object, optional_uuid
from functions.callers import require_operator
from shared.steps.renew import renew
from shared.steps.service import Service


def handle(request: Request, service: Service) -> Response:
    """Takes {"userId"?, "calendarId"?}; answers {due, renewed, failed, stopped, expired}.

    502 when nothing but failures came of it, so that the workflow run fails and is looked at.
    """
    require_operator(request, service)
    body = json_object(request, {"userId", "calendarId"})
    report = renew(service, optional_uuid(body, "userId"), optional_uuid(body, "calendarId"))
    response = jsonify(asdict(report))
    response.status_code = 502 if report.failed and not report.renewed else 200
    return response
