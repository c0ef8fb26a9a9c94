"""The batch endpoint: up to 1000 calls in one multipart/mixed request (guides/batch)."""

import email.parser
import email.policy
import uuid
from email.message import Message

from flask import Flask, Response, request
from werkzeug.datastructures import Headers

from emulator.common.wire import InnerAnswer, InnerCall, end_batch, run_inner

from .errors import ApiError, invalid

MAX_CALLS = 1000


def register(app: Flask) -> None:
    """Add the route; inner calls go through the whole application, quota and faults included."""

    def view() -> Response:
        parts = _parts()
        boundary = f"batch_{uuid.uuid4().hex}"
        answers = [_answer_part(app, part, boundary) for part in parts]
        end_batch()
        body = b"".join(answers) + f"--{boundary}--\r\n".encode()
        return Response(body, content_type=f"multipart/mixed; boundary={boundary}")

    app.add_url_rule("/batch/calendar/v3", "batch", view, methods=["POST"])


def _parts() -> list[Message]:
    head = f"Content-Type: {request.content_type or ''}\r\n\r\n".encode()
    message = email.parser.BytesParser().parsebytes(head + request.get_data())
    payload = message.get_payload()
    if not message.is_multipart() or not isinstance(payload, list):
        raise invalid("Failed to parse batch request: no multipart body.", "badRequest")
    parts = [part for part in payload if isinstance(part, Message)]
    if len(parts) > MAX_CALLS:
        raise ApiError(
            400,
            "badRequest",
            f"The batch request contains {len(parts)} calls; at most {MAX_CALLS} are allowed.",
        )
    return parts


def _answer_part(app: Flask, part: Message, boundary: str) -> bytes:
    answer = _run(app, part)
    content_id = part.get("Content-ID", "")
    lines = [f"--{boundary}", "Content-Type: application/http"]
    if content_id:
        lines.append(f"Content-ID: <response-{content_id.strip('<>')}>")
    lines += ["", f"HTTP/1.1 {answer.status}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body + b"\r\n"


def _run(app: Flask, part: Message) -> InnerAnswer:
    """Carry out the HTTP request inside a part; its own headers win over the outer ones."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    request_line, _, rest = raw.lstrip().partition(b"\n")
    words = request_line.decode("latin-1").split()
    if len(words) < 2:
        return InnerAnswer("400 Bad Request", Headers(), b"")
    inner = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(rest)
    headers = Headers([(name, str(value)) for name, value in inner.items()])
    headers.remove("Host")
    sent = inner.get_payload(decode=True)
    body = sent if isinstance(sent, bytes) else b""
    return run_inner(app, InnerCall(words[0], words[1], headers, body, {}))
