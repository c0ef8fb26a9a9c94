"""OAuth clients, grants, codes and access tokens: what both identity platforms know."""

import base64
import hashlib
import random
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from .json_types import Json

CODE_SECONDS = 600
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Client:
    """A registered OAuth client; without `redirect_uris` any loopback or https URI will do."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...] = ()

    def may_return_to(self, uri: str) -> bool:
        """A registered URI; for a client without any, loopback or https."""
        if self.redirect_uris:
            return uri in self.redirect_uris
        parts = urlsplit(uri)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def client_from(sent: Json) -> Client:
    """`{client_id, client_secret, redirect_uris?}`."""
    return Client(sent["client_id"], sent["client_secret"], tuple(sent.get("redirect_uris") or ()))


@dataclass(frozen=True)
class BaseGrant:
    """What a person allowed a client."""

    email: str
    client_id: str
    scopes: tuple[str, ...]


GrantT = TypeVar("GrantT", bound=BaseGrant)


@dataclass(frozen=True)
class Code(Generic[GrantT]):
    """An authorization code, good once and for ten minutes."""

    grant: GrantT
    redirect_uri: str
    challenge: str | None
    challenge_method: str
    expires_ms: int
    nonce: str | None = None

    def verified_by(self, verifier: str) -> bool:
        """PKCE (RFC 7636 4.6); a code without a challenge needs no verifier."""
        digest = hashlib.sha256(verifier.encode()).digest()
        s256 = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        told = s256 if self.challenge_method == "S256" else verifier
        return self.challenge in (None, told)


def code_for(grant: GrantT, params: Json, expires_ms: int) -> Code[GrantT]:
    """The code behind an authorization request with these parameters."""
    return Code(
        grant=grant,
        redirect_uri=params["redirect_uri"],
        challenge=params.get("code_challenge"),
        challenge_method=params.get("code_challenge_method") or "plain",
        expires_ms=expires_ms,
        nonce=params.get("nonce"),
    )


@dataclass(frozen=True)
class AccessToken(Generic[GrantT]):
    """A bearer token."""

    grant: GrantT
    expires_ms: int


def expire(access: dict[str, AccessToken[GrantT]], email: str | None) -> int:
    """Let access tokens (of one person) expire now; returns how many."""
    hit = [key for key, token in access.items() if email in (None, token.grant.email)]
    for key in hit:
        access[key] = replace(access[key], expires_ms=0)
    return len(hit)


def secret(rng: random.Random, prefix: str, length: int) -> str:
    """The text of a code or token."""
    return prefix + "".join(rng.choices(ALPHABET, k=length))
