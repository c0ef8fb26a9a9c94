"""Push channels: watch, stop, and what is announced to whom (guides/push)."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from emulator.common import fault_effects
from emulator.common.faults import Target
from emulator.common.json_types import Json
from emulator.common.tokens import LOOPBACK

from .errors import ApiError, invalid, required
from .model import Channel
from .sender import Delivery
from .shapes import CHANNEL, check_shape
from .tokens import project_of
from .world import World, is_live

USER_AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"
BASE = "https://www.googleapis.com/calendar/v3"


def events_resource(calendar_id: str) -> str:
    """The name under which changes of a calendar's events are announced."""
    return f"calendars/{calendar_id}/events"


def list_resource(email: str) -> str:
    """The name under which changes of a person's calendar list are announced."""
    return f"users/{email}/calendarList"


def open_channel(
    world: World,
    user: str,
    client_id: str,
    resource: str,
    resource_path: str,
    body: Json,
    event_types: tuple[str, ...] = (),
) -> tuple[Channel, Json]:
    """Check and register a channel; returns it and the answer to the watch call.

    Errors: 400 `required`, `push.channelTypeNotSupported`, `push.webhookUrlNotHttps`,
    `channelIdNotUnique`.
    """
    _check(body)
    project = project_of(client_id)
    if (project, body["id"]) in world.state.channels:
        raise ApiError(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
    channel = Channel(
        id=body["id"],
        project=project,
        client_id=client_id,
        user=user,
        resource=resource,
        resource_id=_resource_id(resource),
        resource_uri=f"{BASE}/{resource_path}?alt=json",
        address=body["address"],
        token=body.get("token"),
        expires_ms=_expiry(world, body),
        event_types=event_types,
    )
    world.state.channels[project, channel.id] = channel
    return channel, _watch_answer(channel)


def _check(body: Json) -> None:
    check_shape(body, CHANNEL)
    channel_id, address = body.get("id"), body.get("address")
    if not channel_id:
        raise required("Channel id is required.")
    if len(channel_id) > 64:
        raise invalid("Invalid channel id: at most 64 characters.", "channelIdInvalid")
    if body.get("type") not in ("web_hook", "webhook"):
        raise ApiError(400, "push.channelTypeNotSupported", "Channel type not supported")
    if not address:
        raise required("Channel address is required.")
    if len(body.get("token") or "") > 256:
        raise invalid("Invalid channel token: at most 256 characters.", "channelTokenInvalid")
    parts = urlsplit(address)
    # Loopback http stands in for TLS: a developer's machine has no certificate Google trusts.
    is_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not is_loopback:
        raise ApiError(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")


def _resource_id(resource: str) -> str:
    return hashlib.sha256(resource.encode()).hexdigest()[:27]


def _expiry(world: World, body: Json) -> int:
    limit = world.in_seconds_ms(world.state.settings.channel_max_ttl_s)
    try:
        if body.get("expiration"):
            wanted = int(body["expiration"])
        elif (body.get("params") or {}).get("ttl"):
            wanted = world.in_seconds_ms(int(body["params"]["ttl"]))
        else:
            wanted = limit
    except (TypeError, ValueError) as error:
        raise invalid("Invalid channel expiration.") from error
    if wanted <= world.now_ms():
        raise invalid("Channel expiration must lie in the future.")
    return min(wanted, limit)


def _watch_answer(channel: Channel) -> Json:
    answer: Json = {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource_id,
        "resourceUri": channel.resource_uri,
        "expiration": str(channel.expires_ms),
    }
    return answer | ({"token": channel.token} if channel.token else {})


def send_sync(world: World, channel: Channel) -> None:
    """The first message, number 1: in the background, or before this returns if so set.

    Call it without the world's lock: the receiver may call back.
    """
    with world.lock:
        channel.message_number = 1
        delivery = delivery_for(world, channel, "sync")
        first = world.state.settings.sync_before_answer
    if first:
        world.sender.deliver(delivery)
    else:
        world.sender.submit(delivery, world.state.settings.notification_delay_ms / 1000)


def stop_channel(world: World, user: str, client_id: str, body: Json) -> None:
    """End a channel; 404 with Google's words if unknown, 403 if it is not the caller's."""
    project, channel_id = project_of(client_id), str(body.get("id"))
    channel = world.state.channels.get((project, channel_id))
    unknown = channel is None or not is_live(channel, world.now_ms())
    if channel is None or unknown or channel.resource_id != body.get("resourceId"):
        raise ApiError(404, "notFound", f"Channel '{channel_id}' not found for project '{project}'")
    if (channel.user, channel.client_id) != (user, client_id):
        raise ApiError(403, "forbidden", "Forbidden")
    channel.stopped = True


def announce(world: World, resource: str, event_type: str) -> None:
    """Tell every live channel of the resource that something changed."""
    now_ms = world.now_ms()
    for channel in list(world.state.channels.values()):
        wanted = not channel.event_types or event_type in channel.event_types
        if channel.resource == resource and wanted and is_live(channel, now_ms):
            notify(world, channel)


def notify(world: World, channel: Channel) -> None:
    """Queue one `exists` message, as the faults in force allow."""
    # Numbers increase but are not consecutive (guides/push).
    channel.message_number += world.state.rng.randint(2, 9)
    delivery = delivery_for(world, channel, "exists")
    target = Target(user=channel.user, calendar=calendar_of(channel), channel=channel.id)
    fate = fault_effects.fate(
        world.state.faults, target, world.state.settings.notification_delay_ms
    )
    if fate.copies == 0:
        world.state.counters.notification(channel.id, "dropped")
    for _ in range(fate.copies):
        world.sender.submit(delivery, fate.delay_ms / 1000)


def calendar_of(channel: Channel) -> str:
    """The calendar id behind an events channel; empty for a calendar-list channel."""
    prefix, suffix = "calendars/", "/events"
    if not channel.resource.startswith(prefix):
        return ""
    return channel.resource.removeprefix(prefix).removesuffix(suffix)


def delivery_for(world: World, channel: Channel, resource_state: str) -> Delivery:
    """The POST for a channel's current message number."""
    expires = datetime.fromtimestamp(channel.expires_ms / 1000, UTC)
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Expiration": format_datetime(expires, usegmt=True),
        "X-Goog-Resource-ID": channel.resource_id,
        "X-Goog-Resource-URI": channel.resource_uri,
        "X-Goog-Resource-State": resource_state,
        "X-Goog-Message-Number": str(channel.message_number),
    }
    if channel.token:
        headers["X-Goog-Channel-Token"] = channel.token
    settings = world.state.settings
    return Delivery(
        channel=f"{channel.project}/{channel.id}",
        url=channel.address,
        headers=tuple(headers.items()),
        attempts=settings.retry_attempts,
        retry_base_s=settings.retry_base_ms / 1000,
        timeout_s=settings.delivery_timeout_ms / 1000,
        verify_tls=settings.verify_tls,
    )
