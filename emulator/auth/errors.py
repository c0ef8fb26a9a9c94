"""Refusals in GoTrue's words (Supabase, "Error codes" reference; supabase/auth, internal/api)."""

from dataclasses import dataclass, field
from typing import Any

VERSION_HEADER = "X-Supabase-Api-Version"
VERSION = "2024-01-01"
"""From this version on the body is `{code, message}`; before, `{code: status, error_code, msg}`."""


@dataclass
class AuthError(Exception):
    """A refusal; `more` is further content of its body."""

    status: int
    code: str
    message: str
    more: dict[str, Any] = field(default_factory=dict)

    def body(self, version: str | None) -> dict[str, Any]:
        """The JSON, as a client of that API version expects it."""
        if version is not None and version >= VERSION:
            return {"code": self.code, "message": self.message, **self.more}
        return {"code": self.status, "error_code": self.code, "msg": self.message, **self.more}


@dataclass
class GatewayError(Exception):
    """What the gateway before GoTrue refuses."""

    message: str
    hint: str

    def body(self) -> dict[str, Any]:
        """The JSON."""
        return {"message": self.message, "hint": self.hint}


def invalid_credentials() -> AuthError:
    """The same for a wrong password and for nobody of that e-mail."""
    return AuthError(400, "invalid_credentials", "Invalid login credentials")


def weak_password() -> AuthError:
    """Too short."""
    message = "Password should be at least 6 characters."
    more = {"weak_password": {"reasons": ["length"]}}
    return AuthError(422, "weak_password", message, more)


def exists_already() -> AuthError:
    """Somebody has that e-mail."""
    return AuthError(422, "user_already_exists", "User already registered")


def malformed(message: str) -> AuthError:
    """What was sent makes no sense."""
    return AuthError(400, "validation_failed", message)


def bad_token(why: str) -> AuthError:
    """An access token that is none of ours, or not any more."""
    return AuthError(403, "bad_jwt", f"invalid JWT: unable to parse or verify signature, {why}")


def no_session() -> AuthError:
    """Signed out meanwhile."""
    message = "Session from session_id claim in JWT does not exist"
    return AuthError(403, "session_not_found", message)
