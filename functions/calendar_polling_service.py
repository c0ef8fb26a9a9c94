"""POST /functions/v1/calendar-polling-service: poll one person now."""

from flask import Request, Response, jsonify

from functions.bodies import json_object, optional_flag, optional_uuid, required_uuid
from functions.callers import require_operator
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Service


def handle(request: Request, service: Service) -> Response:
    """Takes {"userId", "calendarId"?, "force"?}; answers what the poll found.

    Healthy push spares the poll (`skipped: true`) unless `force` is true.
    """
    require_operator(request, service)
    body = json_object(request, {"userId", "calendarId", "force"})
    report = poll(
        service,
        PollRequest(
            user_id=required_uuid(body, "userId"),
            calendar_id=optional_uuid(body, "calendarId"),
            smart=not optional_flag(body, "force"),
        ),
    )
    return jsonify(
        processed=report.processed,
        created=report.created,
        updated=report.updated,
        deleted=report.deleted,
        refused=report.refused,
        skipped=report.skipped,
        calendars=report.calendars,
        failed=report.failed,
        waiting=report.waiting,
        errors=[{"calendarId": calendar, "code": code} for calendar, code in report.errors],
    )
