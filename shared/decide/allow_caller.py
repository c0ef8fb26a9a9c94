"""Whether a bearer token is one of the secrets that open a function."""

import hmac
from collections.abc import Iterable


def bearer_token(authorization: str | None) -> str | None:
    """Gives the token of an `Authorization: Bearer` header (RFC 6750 section 2.1), or None."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def allow_caller(authorization: str | None, secrets: Iterable[str | None]) -> bool:
    """Whether the header carries one of the secrets, all compared in constant time."""
    token = (bearer_token(authorization) or "").encode()
    matches = [
        hmac.compare_digest(token, secret.encode()) for secret in secrets if secret is not None
    ]
    return bool(token) and any(matches)
