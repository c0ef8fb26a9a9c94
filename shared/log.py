"""Structured logs: one JSON object a line on stderr; no secret and no calendar content in them."""

import logging
import sys

import structlog


def set_up_logs(level: str = "INFO") -> None:
    """Sends all logs to stderr as JSON with time, level and event."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log requests with tokens in their URLs at INFO and DEBUG.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
