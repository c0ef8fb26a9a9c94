"""Endpoint validation before a subscription is made (change-notifications-delivery-webhooks)."""

import uuid
from urllib.parse import quote_plus, urlsplit, urlunsplit

import httpx

from .errors import GraphError
from .settings import Settings

WORDS = "Validation: Testing client application reachability for subscription Request-Id: "


def validate(settings: Settings, url: str) -> None:
    """POST `?validationToken=…`; 400 unless the decoded token comes back as text in time.

    Call it without the world's lock: the receiver answers while the create call is pending.
    """
    token = WORDS + str(uuid.uuid4())
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    # Spaces travel as plus signs: a receiver must decode the query as a form.
    target = urlunsplit(parts._replace(query=f"{query}validationToken={quote_plus(token)}"))
    try:
        answer = httpx.post(
            target,
            content=b"",
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=settings.handshake_timeout_ms / 1000,
            verify=settings.verify_tls,
        )
    except httpx.TimeoutException as error:
        raise _refused("Subscription validation request timed out.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _refused(
            "Subscription validation request failed. Notification endpoint is unreachable."
        ) from error
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    if answer.status_code != 200:
        raise _refused(
            "Subscription validation request failed. Must respond with 200 OK to this request. "
            f"The endpoint answered {answer.status_code}."
        )
    if kind != "text/plain" or answer.text != token:
        raise _refused(
            "Subscription validation request failed. Response must exactly match validationToken "
            "query parameter."
        )


def _refused(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)
