"""POST /functions/v1/calendar-polling-cron: poll every calendar whose push is stale."""

from flask import Request, Response, jsonify

from functions.bodies import json_object
from functions.callers import require_operator
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Service


def handle(request: Request, service: Service) -> Response:
    """Polls within CRON_BUDGET_SECONDS and answers statistics.

    502 when nothing but failures came of it, so that the workflow run fails and is looked at.
    """
    require_operator(request, service)
    json_object(request, set())
    report = poll(service, PollRequest())
    response = jsonify(
        calendars=report.calendars,
        polled=report.polled,
        skipped=report.skipped_calendars,
        failed=report.failed,
        waiting=report.waiting,
        processed=report.processed,
        created=report.created,
        updated=report.updated,
        deleted=report.deleted,
        refused=report.refused,
        api_calls=report.api_calls,
        errors=[{"calendarId": calendar, "code": code} for calendar, code in report.errors],
    )
    nothing_good = not report.polled and not report.skipped_calendars
    response.status_code = 502 if report.failed and nothing_good else 200
    return response
