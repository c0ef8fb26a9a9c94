"""The OpenAPI document is true: schemathesis drives every operation by it, as everybody."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.core import NotSet

from functions.api.openapi import openapi_document
from functions.api.routes import ENDPOINTS
from functions.app import create_app
from tests.api.people import ENVIRONMENT, SERVICE_KEY, token
from tests.api.snapshot import snapshot
from tests.support import postgres
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig

ANN = "ann@example.test"
UNLIMITED = {
    **ENVIRONMENT,
    "API_RATE_LIMIT": "1000000 per minute",
    "REFUSED_RATE_LIMIT": "1000000 per minute",
}
EXAMPLES = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# What no schema can say.
CONFIG = schemathesis.Config.from_dict(
    {
        "operations": [
            {
                # Which idempotency keys were used before.
                "include-path-regex": "/api/v1/calendar/webhook/test/.*",
                "checks": {
                    "positive_data_acceptance": {
                        "expected-statuses": ["2xx", 401, 403, 404, 409, 422]
                    }
                },
            },
            {
                # Which servers there are.
                "include-path": "/api/v1/calendar/accounts/connect/caldav",
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": ["2xx", 400, 401, 403, 409]}
                },
            },
            {
                # That times come in pairs and end after they start.
                "include-path-regex": "/api/v1/calendar/appointments.*",
                "checks": {
                    "positive_data_acceptance": {
                        "expected-statuses": ["2xx", 400, 401, 403, 404, 409, 422]
                    }
                },
            },
        ]
    }
)
# A cursor is what a list gave; the tests leave out one that stands for it.
CURSOR = "given-by-a-list"
schemathesis.openapi.format("cursor", st.just(CURSOR))
schema = schemathesis.openapi.from_dict(openapi_document(ENDPOINTS), config=CONFIG)


class _Served:
    """Stands for the application, which is there when the tests run, and not yet when collected."""

    app: Flask

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


schema.app = SERVED = _Served()


@pytest.fixture(scope="module")
def installation(
    postgres_server_url: str, _template: str, database_name: str, google_process: GoogleEmulator
) -> Iterator[Rig]:
    """An installation with Ann in it; what is called changes it as it likes."""
    google_process.reset()
    google_process.add_person(ANN, "Ann")
    name = f"{database_name}_openapi"
    with (
        postgres.database(postgres_server_url, name, _template) as url,
        Rig(url, google_process, **UNLIMITED) as rig,
    ):
        rig.settled(ANN)
        SERVED.app = create_app(rig.service)
        yield rig


@pytest.fixture(scope="module")
def known(installation: Rig) -> dict[str, str]:
    """Ids that exist, by the name of the path parameter."""
    (calendar,) = installation.rows("calendars")
    return {"user_id": str(calendar["user_id"]), "calendar_id": str(calendar["id"])}


@schema.parametrize()
@EXAMPLES
def test_a_person_gets_documented_answers(case: schemathesis.Case, known: dict[str, str]) -> None:
    made_to_fit(case, known)
    bearer = token(UUID(known["user_id"]))
    case.call_and_validate(headers={"Authorization": f"Bearer {bearer}"})


@schema.parametrize()
@EXAMPLES
def test_the_service_role_gets_documented_answers(
    case: schemathesis.Case, known: dict[str, str]
) -> None:
    made_to_fit(case, known)
    if "user_id" not in case.path_parameters:
        name_person(case, known["user_id"])
    case.call_and_validate(headers={"Authorization": f"Bearer {SERVICE_KEY}"})


@pytest.fixture
def nothing_written(installation: Rig) -> Iterator[None]:
    """Whatever one operation is asked, all tables are as they were."""
    before = snapshot(installation)
    yield
    assert snapshot(installation) == before


@schema.parametrize()
@EXAMPLES
@pytest.mark.usefixtures("nothing_written")
def test_strangers_are_refused_and_write_nothing(
    case: schemathesis.Case, known: dict[str, str]
) -> None:
    made_to_fit(case, known)
    answer = case.call_and_validate()
    assert answer.status_code >= 400 or case.method == "OPTIONS"


def name_person(case: schemathesis.Case, user_id: str) -> None:
    """Says whom to act for, where the case leaves that open."""
    if case.method != "GET" and isinstance(case.body, NotSet):
        case.body, case.media_type = {}, "application/json"
    given = case.query if case.method == "GET" else case.body
    if isinstance(given, dict) and given.get("user_id") is None:
        given["user_id"] = user_id


def made_to_fit(case: schemathesis.Case, known: dict[str, str]) -> None:
    """Puts ids that exist where the case has ids, so that more than refusals is seen."""
    if case.query.get("cursor") == CURSOR:
        del case.query["cursor"]
    for name in known.keys() & case.path_parameters.keys():
        with suppress(ValueError, AttributeError, TypeError):
            UUID(case.path_parameters[name])
            case.path_parameters[name] = known[name]
