"""Authenticate: from an Authorization header to a caller."""

from typing import Any

import jwt
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from shared.config import Settings
from shared.decide.allow_caller import allow_caller, bearer_token
from shared.decide.caller import PERSONS_ROLE, SERVICE_ROLE, Caller, caller_of
from shared.errors import KeysUnavailable, Unauthorized
from shared.published_keys import PublishedKeys

SYMMETRIC = "HS256"
ASYMMETRIC = frozenset({"RS256", "ES256"})
LEEWAY_SECONDS = 10  # clocks differ a little

REFUSAL = "The token is not valid here: it ran out, or it is for others, or others signed it"


class Authenticator:
    """Knows the keys. Threads share one: it remembers the published keys."""

    def __init__(self, settings: Settings) -> None:
        self._service_role_key = settings.service_role_key
        self._auth = settings.auth
        url = settings.auth.jwks_url
        self._published = PublishedKeys(url) if url else None

    def caller(self, authorization: str | None) -> Caller:
        """Gives who sends this header (`Bearer <token>`), judged before any database work.

        The service-role key is compared in constant time. Raises `Unauthorized`, the same for every
        bad token, or `KeysUnavailable`.
        """
        token = bearer_token(authorization)
        if token is None:
            raise Unauthorized("Send a token as: Authorization: Bearer <token>")
        if allow_caller(authorization, (self._service_role_key,)):
            return SERVICE_ROLE
        try:
            return caller_of(self._claims(token))
        except PyJWKClientConnectionError as error:
            raise KeysUnavailable from error
        except (PyJWTError, Unauthorized) as error:
            raise Unauthorized(REFUSAL) from error

    def _claims(self, token: str) -> dict[str, Any]:
        """Gives what a genuine token says (RFC 8725: one algorithm per key, all claims checked)."""
        key, algorithm = self._key(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=PERSONS_ROLE,
            issuer=self._auth.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "aud", "sub"]},
        )
        return claims

    def _key(self, token: str) -> tuple[Any, str]:
        """Gives the key and the one algorithm it is for: a token does not choose its check."""
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == SYMMETRIC and self._auth.jwt_secret:
            return self._auth.jwt_secret, SYMMETRIC
        if algorithm in ASYMMETRIC and self._published and isinstance(kid, str):
            key = self._published.get_signing_key(kid)
            if key.algorithm_name == algorithm:
                return key, algorithm
        raise Unauthorized(REFUSAL)
