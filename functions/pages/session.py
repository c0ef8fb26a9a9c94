"""The cookie of the pages: who is signed in, sealed, so that a browser holds nothing readable."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from flask import Request, Response

from shared.errors import ConfigurationError
from shared.steps.service import Service
from shared.supabase_auth import Tokens

log = structlog.get_logger()

NAME = "calsync_session"
KIND = "page session"  # what the seal is for: the same keys seal credentials
MAX_AGE_SECONDS = 30 * 24 * 3600
BROWSERS_TAKE = 4000  # characters of a cookie; a longer one is dropped in silence


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session. `csrf` is in each of its forms; `tokens` None: nobody is signed in."""

    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    tokens: Tokens | None = None


class SessionCookie:
    """Reads and writes it. Over https it is bound to this host; http is for development."""

    def __init__(self, service: Service) -> None:
        self._sealer = service.sealer
        self._secure = service.settings.webhook_base_url.startswith("https://")
        self.name = f"__Host-{NAME}" if self._secure else NAME

    def read(self, request: Request) -> Session | None:
        """The session that the browser brings; None where it is none of ours."""
        try:
            return _session(self._sealer.open(request.cookies.get(self.name, "")))
        except (ConfigurationError, KeyError, TypeError):
            return None

    def write(self, response: Response, session: Session) -> None:
        """Has the browser keep it. Lax: people come back from a provider's site by navigation."""
        sealed = self._sealer.seal({"kind": KIND, **asdict(session)})
        if len(sealed) > BROWSERS_TAKE:
            log.error("session_too_long", characters=len(sealed))
        response.set_cookie(
            self.name,
            sealed,
            max_age=MAX_AGE_SECONDS,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )


def _session(content: Mapping[str, Any]) -> Session | None:
    if content.get("kind") != KIND:
        return None
    tokens = content["tokens"]
    return Session(content["csrf"], Tokens(**tokens) if tokens else None)
