"""Control API: subscriptions, forced and forged notifications, lifecycle events, endpoints."""

from dataclasses import replace
from typing import Any

from emulator.common.json_types import Json

from . import notifications
from .event_write import find
from .model import Subscription
from .sender import Parcel, filled
from .subscriptions_api import stored_row
from .world import World

ENDPOINT_STATES = ("slow", "drop")


def _list(world: World, _: Json) -> list[Any]:
    return [_shown(world, each) for each in world.live_subscriptions()]


def _shown(world: World, subscription: Subscription) -> Json:
    more = {
        "user": subscription.user,
        "calendar": subscription.calendar,
        "immutableIds": subscription.immutable_ids,
        "paused": subscription.paused,
    }
    return stored_row(world, subscription) | more


def _meant(world: World, sent: Json) -> list[Subscription]:
    """The live subscriptions with that `subscription`, `calendar` and `user`."""
    return [
        each
        for each in world.live_subscriptions()
        if sent.get("subscription") in (None, each.id)
        and sent.get("calendar") in (None, each.calendar)
        and sent.get("user") in (None, each.user)
    ]


def _notify(world: World, sent: Json) -> Json:
    """`{calendar | subscription | user, count, change_type}`: as if some event had changed.

    With `address` and `value` instead: one POST with these entries whatsoever, `count` times.
    """
    count = int(sent.get("count", 1))
    if "address" in sent:
        return _forge(world, sent, count)
    kind, sent_now = sent.get("change_type", "updated"), 0
    for subscription in _meant(world, sent):
        items = list(world.store.calendars[subscription.calendar].items.values())
        if "event" in sent:
            items = [find(world, subscription.user, sent["event"])[1].owner]
        for index in range(count if items else 0):
            notifications.notify(world, subscription, kind, items[index % len(items)])
            sent_now += 1
    return {"notifications": sent_now}


def _forge(world: World, sent: Json, count: int) -> Json:
    parcels = [Parcel("forged", payload) for payload in sent["value"]]
    delivery = filled(notifications.blank(world.settings, sent["address"]), parcels)
    for _ in range(count):
        world.sender.submit(replace(delivery, subscriptions=()))
    return {"notifications": count * len(parcels)}


def _lifecycle(world: World, sent: Json) -> Json:
    """`{event, subscription | calendar | user, pause}`: `pause` holds back changes until the

    subscription is renewed or reauthorized, as Graph does when nobody reacts.
    """
    told, event = 0, sent["event"]
    if event not in notifications.LIFECYCLE:
        known = ", ".join(notifications.LIFECYCLE)
        raise ValueError(f"unknown lifecycle event {event!r}; known: {known}")
    for subscription in _meant(world, sent):
        subscription.paused = subscription.paused or bool(sent.get("pause"))
        told += notifications.lifecycle(world, subscription, event)
    return {"notifications": told}


def _endpoint(world: World, sent: Json) -> Json:
    """`{url, state}`: Graph thinks this URL `slow` (delays) or `drop` (discards); null heals."""
    state = sent.get("state")
    if state is None:
        world.state.endpoints.pop(sent["url"], None)
    elif state in ENDPOINT_STATES:
        world.state.endpoints[sent["url"]] = state
    else:
        raise ValueError(f"unknown state {state!r}; known: {', '.join(ENDPOINT_STATES)}")
    return dict(world.state.endpoints)


ROUTES = (
    ("GET", "/subscriptions", _list),
    ("POST", "/notify", _notify),
    ("POST", "/lifecycle", _lifecycle),
    ("POST", "/endpoints", _endpoint),
)
