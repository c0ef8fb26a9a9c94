"""What is announced to whom: change notifications and lifecycle notifications."""

from collections.abc import Iterator
from dataclasses import replace

from emulator.common import fault_effects
from emulator.common.faults import Target
from emulator.common.json_types import Json

from .event_render import change_key, offset_stamp
from .ids import event_id
from .model import Item, Subscription
from .sender import Delivery, Parcel, filled
from .settings import Settings
from .world import Change, World

LIFECYCLE = ("reauthorizationRequired", "subscriptionRemoved", "missed")


def announce(world: World, changes: list[Change]) -> None:
    """Queue notifications for the changes of one transaction.

    A change of a single occurrence is an update of its series. Outlook is talkative: a creation
    is followed by an update, and `updates_per_edit` repeats the latter.
    """
    subscriptions = [each for each in world.live_subscriptions() if not each.paused]
    for change in changes:
        for kind in _kinds(world.settings, change.change_type):
            for subscription in subscriptions:
                if subscription.calendar == change.calendar and subscription.wants(kind):
                    notify(world, subscription, kind, change.item)


def _kinds(settings: Settings, kind: str) -> Iterator[str]:
    if kind != "updated":
        yield kind
    if kind == "created" and settings.created_then_updated:
        yield "updated"
    if kind == "updated":
        yield from [kind] * settings.updates_per_edit


def notify(world: World, subscription: Subscription, kind: str, item: Item) -> None:
    """Queue one notification, as the faults in force and the state of the endpoint allow."""
    payload = change_payload(world, subscription, kind, item)
    target = Target(user=subscription.user, calendar=subscription.calendar, channel=subscription.id)
    fate = fault_effects.fate(world.state.faults, target, world.settings.notification_delay_ms)
    state = world.state.endpoints.get(subscription.notification_url)
    if fate.copies == 0 or state == "drop":
        world.state.counters.notification(subscription.id, "dropped")
        return
    slow_ms = world.settings.slow_delay_ms if state == "slow" else 0.0
    for _ in range(fate.copies):
        _put(world, subscription, payload, fate.delay_ms + slow_ms)


def _put(world: World, subscription: Subscription, payload: Json, delay_ms: float) -> None:
    settings = world.settings
    world.outbox.put(
        blank(settings, subscription.notification_url),
        Parcel(subscription.id, payload),
        (settings.group_ms + delay_ms) / 1000,
        settings.group_size,
    )


def change_payload(world: World, subscription: Subscription, kind: str, item: Item) -> Json:
    """One entry of a change notification collection (resources/changenotification)."""
    person = world.store.people[subscription.user]
    wire_id = event_id(item, None, immutable=subscription.immutable_ids)
    path = f"Users/{person.id}/Events/{wire_id}"
    return {
        "id": world.new_guid(),
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": offset_stamp(subscription.expires),
        "clientState": subscription.client_state,
        "changeType": kind,
        "resource": path,
        "tenantId": person.tenant,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": path,
            "@odata.etag": f'W/"{change_key(item)}"',
            "id": wire_id,
        },
    }


def lifecycle(world: World, subscription: Subscription, event: str) -> bool:
    """Send a lifecycle notification; False if the subscription has no URL for it.

    `subscriptionRemoved` ends the subscription, `reauthorizationRequired` leaves it as it is.
    """
    if event == "subscriptionRemoved":
        world.store.subscriptions.pop(subscription.id, None)
    if subscription.lifecycle_url is None:
        return False
    payload = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": offset_stamp(subscription.expires),
        "tenantId": world.store.people[subscription.user].tenant,
        "clientState": subscription.client_state,
        "lifecycleEvent": event,
    }
    empty = replace(blank(world.settings, subscription.lifecycle_url), final=True)
    world.sender.submit(filled(empty, [Parcel(subscription.id, payload)]))
    return True


def blank(settings: Settings, url: str) -> Delivery:
    """A POST to that URL, still without a body."""
    return Delivery(
        url=url,
        headers=(("Content-Type", "application/json; charset=utf-8"),),
        attempts=settings.retry_attempts,
        retry_base_s=settings.retry_base_ms / 1000,
        timeout_s=settings.first_timeout_ms / 1000,
        retry_timeout_s=settings.delivery_timeout_ms / 1000,
        verify_tls=settings.verify_tls,
    )
