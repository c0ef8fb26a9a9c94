"""Control API: people, consent, tokens."""

from typing import Any

from emulator.common.json_types import Json

from .calendar_service import add_person
from .control_lookup import calendar_named, person_named
from .identity import checked_client, issue_code
from .identity_errors import REASONS
from .tokens import Grant
from .world import DEFAULT_CLIENT, World


def _add(world: World, sent: Json) -> Json:
    email = sent["email"]
    person = add_person(
        world, email, sent.get("name") or email.partition("@")[0], sent.get("timezone", "UTC")
    )
    return {
        "email": person.email,
        "name": person.name,
        "id": person.id,
        "tenant": person.tenant,
        "calendar": calendar_named(world, email, "primary").id,
    }


def _list(world: World, _: Json) -> list[Any]:
    return [
        {
            "email": person.email,
            "name": person.name,
            "timezone": person.zone,
            "id": person.id,
            "calendars": [
                {
                    "id": calendar.id,
                    "name": calendar.name,
                    "isDefault": calendar.is_default,
                    "events": len(calendar.items),
                }
                for calendar in world.store.calendars.values()
                if calendar.owner == person.email
            ],
        }
        for person in world.store.people.values()
    ]


def _consent(world: World, sent: Json, email: str) -> Json:
    """A stand-in for the click on the consent page."""
    person = person_named(world, email)
    client_id = sent.get("client_id") or DEFAULT_CLIENT.client_id
    scopes = sent["scopes"]
    checked_client(world, client_id, sent["redirect_uri"])
    names = tuple(scopes.split() if isinstance(scopes, str) else scopes)
    return {"code": issue_code(world, Grant(person.email, client_id, names), sent)}


def _expire_delta(world: World, sent: Json) -> Json:
    """All delta tokens, or those of one calendar (`calendar`) or person (`email`)."""
    wanted, email = sent.get("calendar"), sent.get("email")
    hit = [
        calendar
        for calendar in world.store.calendars.values()
        if wanted in (None, calendar.id) and email in (None, calendar.owner)
    ]
    for calendar in hit:
        calendar.epoch += 1
    return {"calendars": len(hit)}


def _expire_access(world: World, sent: Json) -> Json:
    return {"expired": world.store.tokens.expire_access(sent.get("email"))}


def _break(world: World, sent: Json) -> Json:
    """`{email, code}`: refresh tokens given out so far answer with that AADSTS code.

    With `code` null they work again. Access tokens go on until they expire.
    """
    code = sent.get("code")
    if code is not None and code not in REASONS:
        raise ValueError(f"unknown AADSTS code {code}; known: {sorted(REASONS)}")
    return {"broken": world.store.tokens.break_refresh(sent["email"], code)}


def _revoke(world: World, sent: Json) -> Json:
    """The password was changed: access ends now, refresh tokens answer 50173."""
    tokens, email = world.store.tokens, sent["email"]
    return {"revoked": tokens.expire_access(email) + tokens.break_refresh(email, 50173)}


ROUTES = (
    ("POST", "/people", _add),
    ("GET", "/people", _list),
    ("POST", "/people/<email>/consent", _consent),
    ("POST", "/tokens/expire_delta", _expire_delta),
    ("POST", "/tokens/expire_access", _expire_access),
    ("POST", "/tokens/break", _break),
    ("POST", "/tokens/revoke", _revoke),
)
