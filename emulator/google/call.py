"""One API call: who asks what, after authentication, faults, quota and scope were settled."""

import time
from dataclasses import dataclass

from flask import Request

from emulator.common import fault_effects
from emulator.common.faults import Fault
from emulator.common.json_types import Json
from emulator.common.wire import bearer_text, json_body

from .errors import ApiError, insufficient_scope, invalid, unauthenticated
from .fault_errors import fault_error
from .model import Person
from .paging import PageShape
from .params import Args
from .scopes import allows
from .tokens import AccessToken, project_of
from .world import World


@dataclass(frozen=True)
class Call:
    """What a handler gets to see of a request."""

    world: World
    method: str
    person: Person
    client_id: str
    args: Args
    body: Json
    path: dict[str, str]
    if_match: str | None
    if_none_match: str | None
    faults: tuple[Fault, ...] = ()

    def page_shape(self, wanted: int) -> PageShape:
        """The page size, cut by the setting and by the faults in force."""
        cap = self.world.state.settings.page_size_cap
        size = fault_effects.page_size(self.faults, wanted, cap)
        return PageShape(size, empty=fault_effects.empty_page(self.faults))


def bearer(world: World, request: Request) -> AccessToken | None:
    """The live access token of a request, from the header or `access_token`; None if none."""
    text = bearer_text(request) or request.args.get("access_token", "").strip()
    token = world.state.tokens.access.get(text)
    if token is None or token.expires_ms <= world.now_ms():
        return None
    return token if token.grant.email in world.state.people else None


def body_of(request: Request) -> Json:
    """The JSON object in the body; {} if there is no body; 400 `parseError` otherwise."""
    return json_body(
        request,
        lambda: ApiError(400, "parseError", "Parse Error"),
        lambda: invalid("Invalid JSON payload received.", "badRequest"),
    )


def admit(world: World, request: Request, method: str, path: dict[str, str]) -> Call:
    """Count the call, apply the faults that come first, check token, quota and scope.

    Errors: whatever a fault says; 401 `authError`; 403 or 429 of the quota; 403
    `insufficientPermissions`. ConnectionCut if a fault wants it.
    """
    with world.lock:
        token = bearer(world, request)
        user = token.grant.email if token else ""
        calendar = user if path.get("calendar_id") == "primary" else path.get("calendar_id", "")
        world.state.counters.call(user or "anonymous", method, calendar)
        faults = world.faults_of(request, method, user, calendar)
        latency_s = world.state.settings.latency_ms / 1000
    time.sleep(latency_s)
    apply(faults, "before")
    if token is None:
        raise unauthenticated()
    with world.lock:
        settings, project = world.state.settings, project_of(token.grant.client_id)
        world.state.quotas.charge(settings, project, user, method, world.now_ms())
        if not allows(token.grant.scopes, method):
            raise insufficient_scope()
        person = world.state.people[user]
    return Call(
        world=world,
        method=method,
        person=person,
        client_id=token.grant.client_id,
        args=request.args,
        body=body_of(request),
        path=path,
        if_match=request.headers.get("If-Match"),
        if_none_match=request.headers.get("If-None-Match"),
        faults=faults,
    )


def apply(faults: tuple[Fault, ...], moment: str) -> None:
    """Carry out the faults due `before` or `after` the work is done, in Google's words."""
    fault_effects.apply(faults, moment, fault_error)
