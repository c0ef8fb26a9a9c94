"""Control API: people, consent, tokens."""

from typing import Any

from emulator.common.json_types import Json

from .calendar_service import add_person, share
from .control_lookup import calendar_named, person_named
from .model import ROLE_RANK
from .oauth import OAuthError, checked_client, issue_code
from .people import seed_demo
from .tokens import Grant
from .world import DEFAULT_CLIENT, World


def _add(world: World, sent: Json) -> Json:
    email = sent["email"]
    person = add_person(
        world, email, sent.get("name") or email.partition("@")[0], sent.get("timezone", "UTC")
    )
    return {"email": person.email, "name": person.name, "sub": person.sub}


def _list(world: World, _: Json) -> list[Any]:
    return [
        {
            "email": person.email,
            "name": person.name,
            "timezone": person.timezone,
            "sub": person.sub,
            "calendars": [
                {"id": calendar.id, "summary": calendar.summary, "events": len(calendar.events)}
                for calendar in world.state.calendars.values()
                if calendar.owner == person.email
            ],
        }
        for person in world.state.people.values()
    ]


def _consent(world: World, sent: Json, email: str) -> Json:
    """A stand-in for the click on the consent page; always offline access."""
    person = person_named(world, email)
    client_id = sent.get("client_id") or DEFAULT_CLIENT.client_id
    scopes = sent["scopes"]
    try:
        checked_client(world, client_id, sent["redirect_uri"])
    except OAuthError as error:
        raise ValueError(f"{error.body['error']}: {error}") from error
    names = tuple(scopes.split() if isinstance(scopes, str) else scopes)
    world.state.tokens.consented.add((person.email, client_id))
    grant = Grant(person.email, client_id, names, bool(sent.get("offline", True)))
    return {"code": issue_code(world, grant, sent), "scope": " ".join(names)}


def _share(world: World, sent: Json, email: str, calendar_id: str) -> Json:
    calendar = calendar_named(world, email, calendar_id)
    role = sent.get("role")
    if role is not None and role not in ROLE_RANK:
        raise ValueError(f"no such role: {role}; known: {', '.join(ROLE_RANK)}")
    share(world, calendar, person_named(world, sent["email"]), role)
    return {}


def _expire_sync(world: World, sent: Json) -> Json:
    """All sync tokens, or those of one calendar (`calendar`) or calendar list (`email`)."""
    wanted, email = sent.get("calendar"), sent.get("email")
    hit_calendars = [
        calendar
        for calendar in world.state.calendars.values()
        if wanted in (None, calendar.id) and (email is None or wanted is not None)
    ]
    hit_people = [
        person
        for person in world.state.people.values()
        if email in (None, person.email) and (wanted is None or email is not None)
    ]
    for calendar in hit_calendars:
        calendar.token_epoch += 1
    for person in hit_people:
        person.token_epoch += 1
    return {"calendars": len(hit_calendars), "lists": len(hit_people)}


def _expire_access(world: World, sent: Json) -> Json:
    return {"expired": world.state.tokens.expire_access(sent.get("email"))}


def _revoke(world: World, sent: Json) -> Json:
    return {"revoked": world.state.tokens.revoke_grants(sent["email"], sent.get("client_id"))}


def _seed(world: World, _: Json) -> Json:
    """The people of `--seed demo`, for instance after a reset."""
    seed_demo(world)
    return {"people": len(world.state.people)}


ROUTES = (
    ("POST", "/seed", _seed),
    ("POST", "/people", _add),
    ("GET", "/people", _list),
    ("POST", "/people/<email>/consent", _consent),
    ("POST", "/people/<email>/calendars/<calendar_id>/share", _share),
    ("POST", "/tokens/expire_sync", _expire_sync),
    ("POST", "/tokens/expire_access", _expire_access),
    ("POST", "/tokens/revoke", _revoke),
)
