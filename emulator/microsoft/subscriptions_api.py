"""Handlers: subscriptions. They take the lock themselves: the handshake must run without it."""

from functools import partial

from flask import Response

from emulator.common.json_types import Json

from . import odata_query, subscription_body
from .call import Call, response
from .errors import GraphError, no_such_resource
from .event_render import stamp
from .handshake import validate
from .model import Subscription
from .subscription_body import Wanted
from .world import World

CONTEXT = "subscriptions"


def stored_row(world: World, subscription: Subscription) -> Json:
    """A subscription as the wire shows it."""
    owner = world.store.people[subscription.user]
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.client_id,
        "changeType": subscription.change_type,
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": stamp(subscription.expires),
        "creatorId": owner.id,
        "includeResourceData": False,
        "latestSupportedTlsVersion": subscription.tls or "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def _one(call: Call, subscription: Subscription, status: int) -> Response:
    body = {"@odata.context": f"{call.base}/v1.0/$metadata#{CONTEXT}/$entity"}
    return response(body | stored_row(call.world, subscription), status, call)


def create(call: Call) -> Response:
    """201 after both URLs passed the handshake; 409 if there is one of that kind already."""
    world = call.world
    with world.lock:
        wanted = subscription_body.read(call)
        _check_unique(call, wanted)
        settings = world.settings
    for url in (wanted.notification_url, wanted.lifecycle_url):
        if url is not None:
            validate(settings, url)
    with world.transaction():
        _check_unique(call, wanted)
        subscription = Subscription(
            id=world.new_guid(),
            user=call.person.email,
            client_id=call.grant.client_id,
            resource=wanted.resource,
            calendar=wanted.calendar,
            change_type=wanted.change_type,
            notification_url=wanted.notification_url,
            lifecycle_url=wanted.lifecycle_url,
            client_state=wanted.client_state,
            expires=wanted.expires,
            immutable_ids=call.prefer.immutable,
            tls=call.body.get("latestSupportedTlsVersion"),
        )
        world.store.subscriptions[subscription.id] = subscription
        return _one(call, subscription, 201)


def _check_unique(call: Call, wanted: Wanted) -> None:
    for other in _mine(call):
        same = (wanted.change_type, wanted.resource.strip("/").lower())
        if same == (other.change_type, other.resource.strip("/").lower()):
            raise GraphError(
                409,
                "Conflict",
                f"Subscription Id {other.id} already exists for the requested combination",
            )


def _mine(call: Call) -> list[Subscription]:
    """The caller's own that have not lapsed: one application sees nothing of another."""
    party = (call.person.email, call.grant.client_id)
    return [
        each for each in call.world.live_subscriptions() if (each.user, each.client_id) == party
    ]


def _found(call: Call) -> Subscription:
    wanted = call.path["subscription_id"]
    for subscription in _mine(call):
        if subscription.id == wanted:
            return subscription
    raise no_such_resource(f"The object was not found: subscription {wanted}.")


def list_all(call: Call) -> Response:
    """Every live subscription of the caller."""
    with call.world.lock:
        page = odata_query.paged(call, CONTEXT, _mine(call), partial(stored_row, call.world))
    return response(page, 200, call)


def get(call: Call) -> Response:
    """One subscription; 404 if it lapsed."""
    with call.world.lock:
        return _one(call, _found(call), 200)


def update(call: Call) -> Response:
    """PATCH of the expiry: renews, and reauthorizes as well."""
    with call.world.transaction():
        subscription = _found(call)
        subscription.expires = subscription_body.expiry_of_patch(call, call.body)
        subscription.paused = False
        return _one(call, subscription, 200)


def reauthorize(call: Call) -> Response:
    """Lets notifications flow again; the expiry stays."""
    with call.world.transaction():
        _found(call).paused = False
        return response(None, 204, call)


def delete(call: Call) -> Response:
    """204; 404 the second time."""
    with call.world.transaction():
        del call.world.store.subscriptions[_found(call).id]
        return response(None, 204, call)
