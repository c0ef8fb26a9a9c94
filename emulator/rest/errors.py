"""What goes wrong, as PostgREST says it: JSON body, HTTP status, and headers.

Source: PostgREST, "Errors" reference (postgrest.org/en/stable/references/errors.html).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg_pool import PoolTimeout


@dataclass(eq=False)
class RestError(Exception):
    """One refused request."""

    status: int
    code: str
    message: str
    details: object = None
    hint: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        return json.dumps(
            {
                "code": self.code,
                "details": self.details,
                "hint": self.hint,
                "message": self.message,
            },
            ensure_ascii=False,
        ).encode()

    def all_headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Proxy-Status": f"PostgREST; error={self.code}",
            **self.headers,
        }


_EXACT_STATUS = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "21000": 500,
    "53400": 500,
    "57P01": 503,
    "P0001": 400,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
}
_CLASS_STATUS = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53": 503,
    "54": 500,
    "55": 500,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0": 500,
    "XX": 500,
}


def from_database(error: psycopg.Error | PoolTimeout, authenticated: bool) -> RestError:
    """The answer to a request whose SQL failed; `authenticated`: not as role anon."""
    if isinstance(error, PoolTimeout):
        message = "Timed out acquiring connection from connection pool."
        return RestError(504, "PGRST003", message)
    state = error.sqlstate
    if state is None:
        return _without_sqlstate(error)
    if state == "PGRST":
        return _raised_in_full(error)
    diagnostics = error.diag
    message = diagnostics.message_primary or ""
    status = _status_of(state, message, authenticated)
    return RestError(
        status,
        state,
        message,
        diagnostics.message_detail,
        diagnostics.message_hint,
        {"WWW-Authenticate": "Bearer"} if status == 401 else {},
    )


def _status_of(state: str, message: str, authenticated: bool) -> int:
    if state == "42501":
        return 403 if authenticated else 401
    if state.startswith("PT"):
        return int(state[2:]) if state[2:].isdecimal() else 500
    if state in _EXACT_STATUS:
        return _EXACT_STATUS[state]
    return _CLASS_STATUS.get(state[:2], 400)


def _without_sqlstate(error: psycopg.Error) -> RestError:
    if isinstance(error, psycopg.DataError):
        return RestError(400, "22021", str(error))
    message = "Database connection error. Retrying the connection."
    return RestError(503, "PGRST000", message, str(error))


def _raised_in_full(error: psycopg.Error) -> RestError:
    """`RAISE SQLSTATE 'PGRST'`: the function dictates the whole answer, as JSON texts."""
    try:
        said = json.loads(error.diag.message_primary or "")
        how = json.loads(error.diag.message_detail or "")
        headers = {str(name): str(value) for name, value in how["headers"].items()}
        return RestError(
            int(how["status"]),
            str(said["code"]),
            str(said["message"]),
            said.get("details"),
            said.get("hint"),
            headers,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error"
        return RestError(500, "PGRST121", message)


def unparsable(what: str, text: str, column: int, expecting: str) -> RestError:
    """A query parameter that does not follow the grammar."""
    found = f'"{text[column]}"' if column < len(text) else "end of input"
    return RestError(
        400,
        "PGRST100",
        f'"failed to parse {what} ({text})" (line 1, column {column + 1})',
        f"unexpected {found} expecting {expecting}",
    )


def not_embedded(name: str) -> RestError:
    return RestError(
        400,
        "PGRST108",
        f"'{name}' is not an embedded resource in this request",
        None,
        f"Verify that '{name}' is included in the 'select' query parameter.",
    )


def no_relationship(parent: str, child: str) -> RestError:
    """Embedding, which this stand-in leaves out, is answered like a missing foreign key."""
    return RestError(
        400,
        "PGRST200",
        f"Could not find a relationship between '{parent}' and '{child}' in the schema cache",
        f"Searched for a foreign key relationship between '{parent}' and '{child}' "
        "in the schema 'public', but no matches were found.",
    )


def no_table(name: str) -> RestError:
    message = f"Could not find the table 'public.{name}' in the schema cache"
    return RestError(404, "PGRST205", message)


def no_column(relation: str, column: str) -> RestError:
    message = f"Could not find the '{column}' column of '{relation}' in the schema cache"
    return RestError(400, "PGRST204", message)


def not_satisfiable(details: str) -> RestError:
    return RestError(416, "PGRST103", "Requested range not satisfiable", details)


def not_singular(rows: int) -> RestError:
    message = "Cannot coerce the result to a single JSON object"
    return RestError(406, "PGRST116", message, f"The result contains {rows} rows")


def bad_body(message: str) -> RestError:
    return RestError(400, "PGRST102", message)
