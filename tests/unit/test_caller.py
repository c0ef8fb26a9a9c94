"""Who calls, and for whom they may act."""

from typing import Any
from uuid import UUID

import pytest

from shared.decide.caller import SERVICE_ROLE, Caller, caller_of, whom_to_serve
from shared.errors import Forbidden, InvalidRequest, Unauthorized

ANN = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")


def test_a_person_is_named_by_the_token() -> None:
    caller = caller_of({"sub": str(ANN), "role": "authenticated"})
    assert (caller.user_id, caller.is_service, caller.actor) == (ANN, False, f"user:{ANN}")


def test_the_service_role_is_nobody_in_particular() -> None:
    assert (SERVICE_ROLE.is_service, SERVICE_ROLE.actor) == (True, "service_role")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": None, "role": "authenticated"},
        {"sub": "ann", "role": "authenticated"},
        {"sub": str(ANN)},
        {"sub": str(ANN), "role": "service_role"},
        {"sub": str(ANN), "role": ["authenticated"]},
    ],
)
def test_other_claims_are_nobodys(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        caller_of(claims)


@pytest.mark.parametrize(
    ("caller", "named", "served"),
    [(Caller(ANN), None, ANN), (Caller(ANN), ANN, ANN), (SERVICE_ROLE, BEN, BEN)],
)
def test_whom_a_caller_may_act_for(caller: Caller, named: UUID | None, served: UUID) -> None:
    assert whom_to_serve(caller, named) == served


def test_a_person_may_not_act_for_another() -> None:
    with pytest.raises(Forbidden):
        whom_to_serve(Caller(ANN), BEN)


def test_the_service_role_must_say_for_whom() -> None:
    with pytest.raises(InvalidRequest, match="user_id"):
        whom_to_serve(SERVICE_ROLE, None)
