"""One API call: who asks what, after counting, faults, authentication and limits were settled."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Request, Response
from werkzeug.datastructures import MultiDict

from emulator.common import fault_effects
from emulator.common.faults import Fault
from emulator.common.json_types import Json
from emulator.common.wire import bearer_text, json_body

from . import prefer
from .errors import GraphError, bad_request, denied, no_such_item, unauthenticated
from .fault_errors import fault_error
from .model import Calendar, Person
from .prefer import Preferences
from .tokens import AccessToken, Grant
from .world import World

READ = frozenset({"Calendars.Read", "Calendars.ReadWrite", "Calendars.ReadBasic"})
WRITE = frozenset({"Calendars.ReadWrite"})
PROFILE = frozenset({"User.Read", "User.ReadBasic.All", "User.ReadWrite"})
IN_BATCH = "emulator.microsoft.in_batch"


@dataclass(frozen=True)
class Call:
    """What a handler gets to see of a request. `base` is the scheme and host it came to."""

    world: World
    method: str
    person: Person
    grant: Grant
    args: "MultiDict[str, str]"
    body: Json
    path: dict[str, str]
    prefer: Preferences
    base: str
    address: str
    if_match: str | None
    faults: tuple[Fault, ...] = ()

    def calendar(self) -> Calendar:
        """The calendar in the address, or the default one; 404 if the caller has none such."""
        wanted = self.path.get("calendar_id")
        for calendar in self.world.store.calendars.values():
            is_meant = calendar.id == wanted if wanted else calendar.is_default
            if calendar.owner == self.person.email and is_meant:
                return calendar
        raise no_such_item()

    def page_size(self, wanted: int) -> int:
        """The page size, cut by the setting and by the faults in force."""
        cap = self.world.settings.page_size_cap
        return fault_effects.page_size(self.faults, wanted, cap)

    @property
    def empty_page(self) -> bool:
        """Whether a fault wants this page empty."""
        return fault_effects.empty_page(self.faults)


def bearer(world: World, request: Request) -> AccessToken | None:
    """The access token of a request, dead or alive; None if it carries none of ours."""
    return world.store.tokens.access.get(bearer_text(request))


def body_of(request: Request) -> Json:
    """The JSON object in the body; {} if there is none; 400 otherwise."""
    return json_body(request, _unreadable, _unreadable)


def _unreadable() -> GraphError:
    return bad_request("Unable to read JSON request payload.", "BadRequest")


@contextmanager
def admitted(world: World, request: Request, method: str, path: dict[str, str]) -> Iterator[Call]:
    """Count the call, apply the faults due first, check limits, token, scope and mailbox.

    Errors: whatever a fault says; 401; 403 for scopes and other people's mailboxes; 429.
    ConnectionCut if a fault wants it. The mailbox' slot is held until the block ends.
    """
    with world.lock:
        token = bearer(world, request)
        user = token.grant.email if token else ""
        calendar = path.get("calendar_id") or _default_calendar(world, user, method)
        world.state.counters.call(user or "anonymous", method, calendar)
        faults = world.faults_of(request, method, user, calendar)
        settings, throttle, now_ms = world.settings, world.state.throttle, world.now_ms()
        if IN_BATCH in request.environ:
            settings = settings.changed({"concurrent_per_mailbox": None})
    party = (token.grant.client_id if token else "", user)
    with throttle.slot(settings, party, now_ms):
        time.sleep(settings.latency_ms / 1000)
        apply(faults, "before")
        yield _call(world, request, method, path, faults)


def _default_calendar(world: World, user: str, method: str) -> str:
    """What an address without a calendar means, for the counters."""
    if method.startswith(("me.", "calendars.", "subscriptions.")):
        return ""
    mine = (c for c in world.store.calendars.values() if c.owner == user and c.is_default)
    return next((calendar.id for calendar in mine), "")


def _call(
    world: World, request: Request, method: str, path: dict[str, str], faults: tuple[Fault, ...]
) -> Call:
    with world.lock:
        token = live_token(world, request)
        _check_scope(token.grant, method)
        person = world.store.people[token.grant.email]
    user_id = path.get("user_id")
    if user_id is not None and user_id.lower() not in (person.id, person.email):
        raise denied()
    return Call(
        world=world,
        method=method,
        person=person,
        grant=token.grant,
        args=request.args,
        body=body_of(request),
        path=path,
        prefer=prefer.read(request.headers.getlist("Prefer")),
        base=request.host_url.rstrip("/"),
        address=request.path,
        if_match=request.headers.get("If-Match"),
        faults=faults,
    )


def live_token(world: World, request: Request) -> AccessToken:
    """The access token of a request; 401 if there is none that lives."""
    if not request.headers.get("Authorization"):
        raise unauthenticated("InvalidAuthenticationToken", "Access token is empty.")
    token = bearer(world, request)
    if token is None or token.grant.email not in world.store.people:
        raise unauthenticated(
            "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217"
        )
    if token.expires_ms <= world.now_ms():
        raise unauthenticated(
            "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
        )
    return token


def _check_scope(grant: Grant, method: str) -> None:
    if method.startswith("me."):
        needed = PROFILE | READ
    elif method.startswith("subscriptions.") or method.endswith((".list", ".get", ".delta")):
        needed = READ
    else:
        needed = WRITE
    if grant.permissions.isdisjoint(needed):
        raise denied()


def apply(faults: tuple[Fault, ...], moment: str) -> None:
    """Carry out the faults due `before` or `after` the work is done, in Graph's words."""
    fault_effects.apply(faults, moment, fault_error)


def response(body: Json | None, status: int, call: Call, *more: str) -> Response:
    """A JSON answer (or an empty one) with the preferences that were applied."""
    answer = Response(status=status)
    if body is not None:
        text = json.dumps(body, separators=(",", ":"))
        answer = Response(
            text,
            status=status,
            content_type="application/json; odata.metadata=minimal; odata.streaming=true; "
            "IEEE754Compatible=false; charset=utf-8",
        )
    applied = call.prefer.with_applied(*more)
    if applied:
        answer.headers["Preference-Applied"] = applied
    return answer
