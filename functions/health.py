"""GET /healthz (the process answers) and /readyz (the database answers too)."""

from flask import Response, jsonify

from shared.steps.service import Service


def handle_healthz() -> Response:
    """Answers 200 while the process lives."""
    return jsonify(status="ok")


def handle_readyz(service: Service) -> Response:
    """Answers 200 with what is due, or 503 (through `DatabaseUnavailable`)."""
    (due,) = service.database.read("due_summary")
    return jsonify(
        status="ready",
        calendars_due=due["calendars_due"],
        subscriptions_due=due["subscriptions_due"],
    )
