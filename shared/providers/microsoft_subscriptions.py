"""Graph subscriptions: made, adopted, prolonged, deleted."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from shared.errors import GiveUp, ProviderError
from shared.providers import microsoft_errors
from shared.providers.base import Channel, ChannelRequest
from shared.providers.microsoft_batch import Json
from shared.providers.microsoft_graph import Graph

CHANGES = "created,updated,deleted"
WATCHING = "subscription"
DEFAULT_CALENDAR = "me/events"  # reported to announce changes of the default calendar alone


def watch(graph: Graph, request: ChannelRequest) -> Channel:
    """Prolongs the subscription that `request` renews, or makes one.

    Where push failed over the present one, or Graph does not know it any more, it is made anew.
    Raises `GiveUp` where Graph offers no push for this calendar.
    """
    if request.renews is not None and request.repair:
        stop(graph, request.renews)
    elif request.renews is not None:
        prolonged = _prolonged(graph, request.renews, request)
        if prolonged is not None:
            return prolonged
    return _created(graph, request)


def stop(graph: Graph, subscription_id: str) -> None:
    """Deletes a subscription; one that Graph does not know counts as deleted."""
    graph.delete(_path(subscription_id), WATCHING)


def _prolonged(graph: Graph, subscription_id: str, request: ChannelRequest) -> Channel | None:
    body = {"expirationDateTime": _stamp(request.expires_at)}
    try:
        return _channel(graph.patch(_path(subscription_id), body, WATCHING), request)
    except ProviderError as error:
        if error.code != microsoft_errors.NOT_FOUND:
            raise
        return None


def _created(graph: Graph, request: ChannelRequest) -> Channel:
    """On the calendar itself: undocumented, but what works; else on what is documented."""
    own = f"me/calendars/{request.provider_calendar_id}/events"
    try:
        return _asked(graph, own, request)
    except ProviderError as error:
        if error.code != microsoft_errors.BAD_REQUEST:
            raise
    if graph.get("/me/calendar?$select=id", WATCHING).get("id") != request.provider_calendar_id:
        raise GiveUp("Graph offers no push for this calendar.", code="push_refused")
    return _asked(graph, DEFAULT_CALENDAR, request)


def _asked(graph: Graph, resource: str, request: ChannelRequest) -> Channel:
    body: Json = {
        "changeType": CHANGES,
        "resource": resource,
        "notificationUrl": request.address,
        "lifecycleNotificationUrl": request.address,
        "expirationDateTime": _stamp(request.expires_at),
        "clientState": request.token,
        "latestSupportedTlsVersion": "v1_2",
    }
    try:
        return _channel(graph.post("/subscriptions", body, WATCHING), request)
    except ProviderError as error:
        if error.code != microsoft_errors.CONFLICT:
            raise
    return _adopted(graph, resource, request) or _channel(
        graph.post("/subscriptions", body, WATCHING), request
    )


def _adopted(graph: Graph, resource: str, request: ChannelRequest) -> Channel | None:
    """There is one already (its row was lost, or the answer that told of it).

    It is taken over if it brings its news here; if not, it is deleted, and None given.
    """
    for other in list(graph.every("/subscriptions", WATCHING)):
        if str(other.get("resource")).strip("/").lower() != resource.lower():
            continue
        subscription_id = str(other.get("id"))
        urls = (other.get("notificationUrl"), other.get("lifecycleNotificationUrl"))
        if urls == (request.address, request.address) and not request.repair:
            return _prolonged(graph, subscription_id, request)
        stop(graph, subscription_id)
    return None


def _channel(answer: Json, request: ChannelRequest) -> Channel:
    subscription_id = answer.get("id")
    if not isinstance(subscription_id, str) or not subscription_id:
        raise microsoft_errors.unexpected_answer(WATCHING)
    return Channel(
        channel_id=subscription_id,
        resource_id=str(answer.get("resource") or DEFAULT_CALENDAR),
        expires_at=_expiry(answer.get("expirationDateTime")) or request.expires_at,
    )


def _expiry(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise microsoft_errors.unexpected_answer(WATCHING) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _path(subscription_id: str) -> str:
    return f"/subscriptions/{quote(subscription_id, safe='')}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
