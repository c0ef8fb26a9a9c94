"""An endpoint as data: what it takes, what it gives, and the function between."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID, uuid4, uuid5

from functions.api.models import Input, Output
from shared.decide.caller import Caller
from shared.steps.service import Service

In = TypeVar("In", bound=Input)
Out = TypeVar("Out", bound=Output)

PREFIX = "/api/v1/calendar"


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request, for the rows of one person whom the caller may act for."""

    service: Service
    caller: Caller
    user_id: UUID
    request_id: str
    idempotency_key: str | None = None

    @property
    def audit(self) -> dict[str, str]:
        """The arguments by which SQL functions write the act down."""
        return {"actor": self.caller.actor, "request_id": self.request_id}

    def new_id(self) -> UUID:
        """Gives the id of what is created: the same again for a repeated request with a key."""
        if self.idempotency_key is None:
            return uuid4()
        return uuid5(self.user_id, self.idempotency_key)


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[In, Out]):
    """`path` is below /api/v1/calendar; `{name}` in it is a UUID and a field of `takes`.

    The other fields of `takes` are the query of a GET and the body of everything else. `creates`:
    the endpoint takes an Idempotency-Key. `refuses`: it may answer 409.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    summary: str
    takes: type[In]
    gives: type[Out]
    handle: Callable[[Call, In], Out]
    status: int = 200
    creates: bool = False
    refuses: bool = False

    @property
    def name(self) -> str:
        """A name of its own, for Flask, OpenAPI and the audit log."""
        words = self.path.replace("{", "").replace("}", "").replace("-", "_").split("/")
        return "_".join([self.method.lower(), *words])

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The fields that the path carries."""
        parts = self.path.split("/")
        return tuple(part[1:-1] for part in parts if part.startswith("{"))


AnyEndpoint = Endpoint[Any, Any]
