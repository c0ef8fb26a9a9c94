"""Who calls the API, and for whom they may act."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.errors import Forbidden, InvalidRequest, Unauthorized

PERSONS_ROLE = "authenticated"


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person, or (`user_id` None) the holder of the service-role key."""

    user_id: UUID | None

    @property
    def is_service(self) -> bool:
        """Whether this is the service role, who may act for everybody."""
        return self.user_id is None

    @property
    def actor(self) -> str:
        """How the audit log names the caller."""
        return "service_role" if self.is_service else f"user:{self.user_id}"


SERVICE_ROLE = Caller(None)


def caller_of(claims: Mapping[str, object]) -> Caller:
    """Gives the person of a verified token of Supabase Auth; raises `Unauthorized` for others.

    Source: Supabase, "JSON Web Tokens" guide: `sub` is the user's id, `role` the Postgres role.
    """
    try:
        person = UUID(str(claims.get("sub")))
    except ValueError:
        raise Unauthorized("The token names no person") from None
    if claims.get("role") != PERSONS_ROLE:
        raise Unauthorized("The token is not that of a signed-in person")
    return Caller(person)


def whom_to_serve(caller: Caller, named: UUID | None) -> UUID:
    """Gives the person whose rows are meant: the one named, else the caller.

    Raises `Forbidden` (the same for people who exist and who do not) where a person names another,
    `InvalidRequest` where the service role names nobody.
    """
    person = named or caller.user_id
    if person is None:
        raise InvalidRequest("Say whom you act for: send user_id")
    if not caller.is_service and person != caller.user_id:
        raise Forbidden("A person may act for themselves only")
    return person
