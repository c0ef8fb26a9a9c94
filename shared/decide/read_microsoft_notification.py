"""Reads the body of a Graph notification: several items, each judged by itself."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from shared.decide.client_state import Vouched, read_client_state
from shared.errors import Forbidden, InvalidRequest

LARGEST_NUMBER = 2**63 - 1
MOST_ITEMS = 1000
NO_RESOURCE = "me/events"  # lifecycle events name none

CHANGES = {"created": "exists", "updated": "exists", "deleted": "not_exists"}
LIFECYCLE = {
    "reauthorizationRequired": "reauthorization_required",
    "subscriptionRemoved": "subscription_removed",
    "missed": "missed",
}

_PRINTABLE = re.compile(r"[\x20-\x7e]+")

Item = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MicrosoftNotification:
    """What one item says: something changed, or something about the subscription itself.

    `subscription_id` is our row's, `channel_id` Graph's. `message_number` is made from the item's
    id: a repeated delivery has the same.
    """

    calendar_id: UUID
    subscription_id: UUID
    channel_id: str
    resource_id: str
    state: str
    message_number: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class MicrosoftDelivery:
    """The items of a POST that are genuine, and how many were not."""

    notifications: tuple[MicrosoftNotification, ...]
    forged: int


def read_microsoft_notification(
    body: object, secrets: Sequence[str], calendar_id_in_url: UUID | None
) -> MicrosoftDelivery:
    """The genuine items of a change or lifecycle notification collection, given as parsed JSON.

    An item whose clientState is missing, forged, or of another calendar than the URL's is left
    out, the others count. Raises InvalidRequest if anything is what Graph would never send, and
    Forbidden if no item is genuine. No message repeats what was sent.
    Source: Graph v1.0, resources/changenotificationcollection.
    """
    items = _items(body)
    vouched = [(item, _vouched(item, secrets, calendar_id_in_url)) for item in items]
    genuine = tuple(_notification(item, known) for item, known in vouched if known)
    if not genuine:
        raise Forbidden("No clientState was issued here for this calendar.")
    return MicrosoftDelivery(genuine, forged=len(items) - len(genuine))


def read_validation_token(token: str) -> str:
    """The token of a handshake, decoded already. Raises InvalidRequest for what no token is."""
    if len(token) > 1024 or not _PRINTABLE.fullmatch(token):
        raise InvalidRequest("The validationToken is no printable text of up to 1024 characters.")
    return token


def _items(body: object) -> list[Item]:
    items = body.get("value") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        raise InvalidRequest('The body must be {"value": [...]} with at least one item.')
    if len(items) > MOST_ITEMS:
        raise InvalidRequest(f"The body has more than {MOST_ITEMS} items.")
    if not all(isinstance(item, Mapping) for item in items):
        raise InvalidRequest("Every item must be a JSON object.")
    return items


def _vouched(item: Item, secrets: Sequence[str], calendar_id: UUID | None) -> Vouched | None:
    state = item.get("clientState")
    known = read_client_state(secrets, state) if isinstance(state, str) else None
    if known is None or calendar_id not in (None, known.calendar_id):
        return None
    return known


def _notification(item: Item, known: Vouched) -> MicrosoftNotification:
    return MicrosoftNotification(
        calendar_id=known.calendar_id,
        subscription_id=known.subscription_id,
        channel_id=_text(item, "subscriptionId", 256),
        resource_id=_text(item, "resource", 2048) if "resource" in item else NO_RESOURCE,
        state=_state(item),
        message_number=_message_number(item),
        expires_at=_expiry(item),
    )


def _state(item: Item) -> str:
    """Either a change or a lifecycle event."""
    change, event = item.get("changeType"), item.get("lifecycleEvent")
    if isinstance(change, str) and event is None and change in CHANGES:
        return CHANGES[change]
    if isinstance(event, str) and change is None and event in LIFECYCLE:
        return LIFECYCLE[event]
    raise InvalidRequest("An item is neither a change nor a lifecycle event that Graph documents.")


def _message_number(item: Item) -> int:
    """From the id; from all of the item where it has none, as lifecycle events have."""
    told = item.get("id") or json.dumps(item, sort_keys=True)
    digest = sha256(f"{item.get('subscriptionId')}\n{told}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8]) % LARGEST_NUMBER + 1


def _text(item: Item, name: str, longest: int) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value) or len(value) > longest:
        raise InvalidRequest(f"{name} is no printable text of up to {longest} characters.")
    return value


def _expiry(item: Item) -> datetime | None:
    """Any offset, and up to seven decimals."""
    value = item.get("subscriptionExpirationDateTime")
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value if isinstance(value, str) else "")
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest("subscriptionExpirationDateTime is no date and time.") from None
