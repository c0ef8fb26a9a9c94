"""Reading the body of a POST or PATCH on a subscription (resources/subscription)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from emulator.common.json_types import Json

from .call import Call
from .errors import GraphError, bad_request, denied, no_such_item
from .model import Calendar

KINDS = ("created", "updated", "deleted")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_CLIENT_STATE = 128
_RESOURCE = re.compile(
    r"^/?(?:me|users/(?P<user>[^/]+))/(?:(?:calendar|calendars/(?P<calendar>[^/]+))/)?events/?$",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True)
class Wanted:
    """A checked body."""

    resource: str
    calendar: str
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires: datetime


def invalid(message: str) -> GraphError:
    """400 in the words of the subscription service."""
    return GraphError(400, "InvalidRequest", message)


def read(call: Call) -> Wanted:
    """The body of a POST; 400 `InvalidRequest` or `ExtensionError`, 403, 404."""
    sent = call.body
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not isinstance(sent.get(name), str) or not sent[name]:
            raise invalid(f"Property '{name}' must be specified.")
    state = sent.get("clientState")
    if state is not None and len(str(state)) > MAX_CLIENT_STATE:
        raise invalid(f"The clientState exceeds {MAX_CLIENT_STATE} characters.")
    if sent.get("includeResourceData"):
        raise invalid("Resource data is not served by this emulator.")
    return Wanted(
        resource=sent["resource"],
        calendar=_calendar(call, sent["resource"]).id,
        change_type=_change_type(sent["changeType"]),
        notification_url=address(sent["notificationUrl"]),
        lifecycle_url=_optional_address(sent.get("lifecycleNotificationUrl")),
        client_state=state,
        expires=expiry(call, sent["expirationDateTime"]),
    )


def _change_type(text: str) -> str:
    """In a fixed order, so that equal wishes are equal texts."""
    named = {part.strip().lower() for part in text.split(",")}
    if not named <= set(KINDS):
        raise invalid(f"Invalid 'changeType' attribute: '{text}'.")
    return ",".join(kind for kind in KINDS if kind in named)


def _calendar(call: Call, resource: str) -> Calendar:
    """Which calendar a resource means: `me/events` is reported to cover the default one only."""
    match = _RESOURCE.match(resource)
    if match is None:
        raise invalid(f"Unsupported resource: '{resource}'.")
    user = match["user"]
    if user is not None and user.lower() not in (call.person.id, call.person.email):
        raise denied()
    wanted = match["calendar"]
    if wanted is not None and call.world.settings.refuse_calendar_subscriptions:
        raise invalid(f"Unsupported resource: '{resource}'.")
    for calendar in call.world.store.calendars.values():
        is_meant = calendar.id == wanted if wanted else calendar.is_default
        if calendar.owner == call.person.email and is_meant:
            return calendar
    raise no_such_item()


def address(text: str) -> str:
    """A webhook URL: https, or http on loopback, where no certificate is to be had."""
    parts = urlsplit(text)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return text
    raise invalid(f"The notification URL must be an https URL: {text}")


def _optional_address(text: object) -> str | None:
    return None if text is None else address(str(text))


def expiry(call: Call, text: object) -> datetime:
    """The moment a subscription ends: too near is raised to 45 minutes, too far is refused."""
    settings, now = call.world.settings, call.world.clock.now()
    try:
        parsed = datetime.fromisoformat(_FRACTION.sub(r"\1", str(text)))
    except ValueError as error:
        raise bad_request(f"Invalid expirationDateTime: {text}", "InvalidRequest") from error
    wanted = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    if wanted <= now:
        raise invalid("Subscription expiration must lie in the future.")
    if wanted > now + timedelta(minutes=settings.subscription_max_minutes):
        raise GraphError(
            400,
            "ExtensionError",
            f"Operation: Create; Exception: [Status Code: BadRequest; Reason: Subscription "
            f"expiration can only be {settings.subscription_max_minutes} minutes in the future.]",
        )
    return max(wanted, now + timedelta(minutes=settings.subscription_min_minutes))


def expiry_of_patch(call: Call, sent: Json) -> datetime:
    """The new expiry in a PATCH; 400 for properties that only a new subscription can have."""
    fixed = {"resource", "changeType", "clientState", "lifecycleNotificationUrl"} & set(sent)
    if fixed:
        raise invalid(f"Properties cannot be changed: {', '.join(sorted(fixed))}.")
    if "expirationDateTime" not in sent:
        raise invalid("Property 'expirationDateTime' must be specified.")
    return expiry(call, sent["expirationDateTime"])
