"""What every input and output of the API has in common: strict, frozen, and described."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _written(
    pattern: re.Pattern[str], parse: Callable[[str], object], what: str
) -> BeforeValidator:
    """Text must look like this: pydantic alone takes a number for an instant, and more."""

    def check(value: object) -> object:
        if not (isinstance(value, str) and pattern.fullmatch(value)):
            raise ValueError(f"must be {what}")
        return parse(value)

    return BeforeValidator(check)


Id = Annotated[UUID, _written(_UUID, UUID, "a UUID such as 0d9c1f2e-8a3b-4c5d-9e6f-7a8b9c0d1e2f")]
Instant = Annotated[
    AwareDatetime,
    _written(_RFC3339, datetime.fromisoformat, "an instant with its offset (RFC 3339)"),
]

# In a query everything is text; these stand behind the Field, so that its bounds are documented.
WHOLE_NUMBER = _written(re.compile(r"-?(0|[1-9]\d*)"), int, "a whole number")
TRUE_OR_FALSE = _written(re.compile("true|false"), "true".__eq__, "true or false")


class Input(BaseModel):
    """What a request says: its path, query and body in one. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    user_id: Annotated[Id | None, Field(description="Whose; the service role must say.")] = None


class Output(BaseModel):
    """What an answer holds, and nothing else."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"additionalProperties": False})
