"""Who may do what: every endpoint, for nobody, people, other people, and the service role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from functions.api.endpoint import AnyEndpoint
from functions.api.routes import ENDPOINTS
from tests.api.people import ENVIRONMENT, Client, code, person, service
from tests.api.snapshot import snapshot
from tests.support import postgres
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig, timed

ANN, BEN = "ann@example.test", "ben@example.test"
#: What an endpoint must be told beside ids; one that needs more and is not here fails below.
BODIES: dict[str, dict[str, Any]] = {
    "patch_calendars_calendar_id_settings": {"sync_enabled": True},
    "post_accounts_connect_caldav": {"server": "0", "username": "ann", "password": "wrong"},
    "post_appointments": {
        "calendar_id": "{calendar_id}",
        "summary": "Tea",
        "start_at": "2026-11-24T09:00:00Z",
        "end_at": "2026-11-24T10:00:00Z",
    },
    "post_conflicts_conflict_id_resolve": {"choice": "local"},
    "patch_accounts_account_id_conflict_policy": {"conflict_policy": "manual"},
    "patch_calendars_calendar_id_conflict_policy": {"conflict_policy": "manual"},
}
#: Ids in a path that are a person's own; another person's are not there for them.
OWNED = {"calendar_id", "event_id", "alert_id", "account_id", "appointment_id", "conflict_id"}
CONFLICT = """
  insert into sync_conflicts (user_id, appointment_id, calendar_id, kind, policy, decision, local)
  select user_id, id, calendar_id, 'deleted_there', 'manual', 'pending', '{}' from appointments
  returning id
"""


@dataclass(frozen=True)
class World:
    """An installation with Ann, who has one of everything, and Ben, who has nothing."""

    rig: Rig
    ids: dict[str, str]

    @property
    def ann(self) -> Client:
        return person(self.rig, UUID(self.ids["user_id"]))

    def call(self, who: Client, endpoint: AnyEndpoint, user_id: str | None) -> httpx.Response:
        """Calls an endpoint about Ann's things, for the person named."""
        ids = self.ids | ({"user_id": user_id} if user_id else {})
        path = endpoint.path.format(**ids)
        named = {"user_id": user_id} if user_id and "user_id" not in endpoint.path_fields else {}
        if endpoint.method == "GET":
            return who.request("GET", path, params=named)
        template = BODIES.get(endpoint.name, {})
        body = {
            key: value.format(**ids) if isinstance(value, str) else value
            for key, value in template.items()
        }
        body |= named
        return who.request(endpoint.method, path, json=body)


@pytest.fixture(scope="module")
def world(
    postgres_server_url: str, _template: str, database_name: str, google_process: GoogleEmulator
) -> Iterator[World]:
    """Nobody but the emulator changes it in between."""
    google_process.reset()
    google_process.add_person(ANN, "Ann")
    google_process.add_person(BEN, "Ben")
    name = f"{database_name}_permissions"
    with (
        postgres.database(postgres_server_url, name, _template) as url,
        Rig(url, google_process, **ENVIRONMENT) as rig,
    ):
        google_process.create_event(ANN, timed("Lunch", datetime.now(UTC) + timedelta(days=1)))
        rig.settled(ANN)
        (calendar,) = rig.rows("calendars")
        (event,) = rig.rows("calendar_events")
        rig.service.database.call(
            "open_alert",
            user_id=calendar["user_id"],
            account_id=calendar["account_id"],
            calendar_id=calendar["id"],
            kind="drift",
            severity="high",
            message="It drifts",
        )
        (alert,) = rig.rows("calendar_alerts")
        ids = {
            "user_id": calendar["user_id"],
            "account_id": calendar["account_id"],
            "calendar_id": calendar["id"],
            "event_id": event["id"],
            "alert_id": alert["id"],
        }
        world = World(rig, {name: str(value) for name, value in ids.items()})
        (make,) = [each for each in ENDPOINTS if each.name == "post_appointments"]
        world.ids["appointment_id"] = world.call(world.ann, make, None).json()["id"]
        (conflict,) = rig.sql(CONFLICT)
        world.ids["conflict_id"] = str(conflict["id"])
        yield world


def named(endpoint: AnyEndpoint) -> str:
    return endpoint.name


#: Disconnecting comes last: nothing is left of the account.
ORDERED = sorted(ENDPOINTS, key=lambda endpoint: endpoint.method == "DELETE")
every = pytest.mark.parametrize("endpoint", ORDERED, ids=named)


def test_no_two_endpoints_have_one_name() -> None:
    assert len({endpoint.name for endpoint in ENDPOINTS}) == len(ENDPOINTS)


@every
def test_nobody_may_nothing(world: World, endpoint: AnyEndpoint) -> None:
    before = snapshot(world.rig)
    assert code(world.call(Client(world.rig, None), endpoint, None)) == (401, "unauthorized")
    assert snapshot(world.rig) == before


@every
def test_a_person_may_not_act_for_another(world: World, endpoint: AnyEndpoint) -> None:
    before = snapshot(world.rig)
    ben = person(world.rig, uuid4())
    answers = [world.call(ben, endpoint, who) for who in (world.ids["user_id"], str(uuid4()))]
    assert [code(answer) for answer in answers] == [(403, "forbidden")] * 2
    assert answers[0].json() == answers[1].json()
    assert snapshot(world.rig) == before


@pytest.mark.parametrize(
    "endpoint", [each for each in ORDERED if OWNED & {*each.path_fields}], ids=named
)
def test_what_is_anothers_is_not_there(world: World, endpoint: AnyEndpoint) -> None:
    before = snapshot(world.rig)
    ben = person(world.rig, uuid4())
    assert code(world.call(ben, endpoint, None)) == (404, "not_found")
    assert snapshot(world.rig) == before


@pytest.mark.parametrize(
    "endpoint", [each for each in ORDERED if each.method != "DELETE"], ids=named
)
def test_a_person_may_act_for_themselves(world: World, endpoint: AnyEndpoint) -> None:
    """What is deleted is deleted once: by the service role, below."""
    allowed(world.call(world.ann, endpoint, None))


@every
def test_the_service_role_may_act_for_everybody(world: World, endpoint: AnyEndpoint) -> None:
    allowed(world.call(service(world.rig), endpoint, world.ids["user_id"]))


def allowed(answer: httpx.Response) -> None:
    """Done, or refused for what was said and not for who said it."""
    assert answer.status_code in (200, 201, 202, 204, 400, 409), answer.text
    if answer.status_code == 400:
        assert "errors" not in answer.json(), "BODIES must tell what this endpoint needs"
