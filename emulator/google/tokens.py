"""OAuth codes, access tokens and refresh tokens (identity/protocols/oauth2)."""

import random
from dataclasses import dataclass, field

from emulator.common import tokens
from emulator.common.json_types import Json
from emulator.common.tokens import BaseGrant, Client, secret

MAX_REFRESH_TOKENS = 100


@dataclass(frozen=True)
class Grant(BaseGrant):
    """What a person allowed a client; only an `offline` one comes with a refresh token."""

    offline: bool = True


Code = tokens.Code[Grant]
AccessToken = tokens.AccessToken[Grant]


def project_of(client_id: str) -> str:
    """The Cloud project of a client id: the number before the dash."""
    return client_id.split("-", 1)[0]


@dataclass
class TokenStore:
    """All live codes and tokens; ids are secrets, so they are the keys."""

    rng: random.Random
    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, Grant] = field(default_factory=dict)
    consented: set[tuple[str, str]] = field(default_factory=set)

    def issue_code(self, code: Code) -> str:
        """Remember a code and return it."""
        text = secret(self.rng, "4/0A", 40)
        self.codes[text] = code
        return text

    def issue_access(self, grant: Grant, expires_ms: int) -> str:
        """A new access token."""
        text = secret(self.rng, "ya29.", 60)
        self.access[text] = AccessToken(grant, expires_ms)
        return text

    def forget_expired(self, now_ms: int) -> None:
        """Drop access tokens that nobody can use any more."""
        self.access = {
            key: token for key, token in self.access.items() if token.expires_ms > now_ms
        }

    def issue_refresh(self, grant: Grant) -> str:
        """A new refresh token; beyond 100 for one account and client the oldest dies silently."""
        text = secret(self.rng, "1//0", 60)
        self.refresh[text] = grant
        same = [key for key, other in self.refresh.items() if _same_party(other, grant)]
        for key in same[:-MAX_REFRESH_TOKENS]:
            del self.refresh[key]
        return text

    def revoke(self, text: str) -> bool:
        """End the whole grant behind a token, as Google does; False if unknown."""
        token = self.access.get(text)
        grant = token.grant if token else self.refresh.get(text)
        if grant is None:
            return False
        self.revoke_grants(grant.email, grant.client_id)
        return True

    def revoke_grants(self, email: str, client_id: str | None = None) -> int:
        """End every grant of a person (to one client); returns how many tokens died."""

        def hit(grant: Grant) -> bool:
            return grant.email == email and client_id in (None, grant.client_id)

        dead_access = [key for key, token in self.access.items() if hit(token.grant)]
        dead_refresh = [key for key, grant in self.refresh.items() if hit(grant)]
        for key in dead_access:
            del self.access[key]
        for key in dead_refresh:
            del self.refresh[key]
        self.consented = {
            party
            for party in self.consented
            if party[0] != email or client_id not in (None, party[1])
        }
        return len(dead_access) + len(dead_refresh)

    def expire_access(self, email: str | None = None) -> int:
        """Let access tokens (of one person) expire now; refresh tokens live on."""
        return tokens.expire(self.access, email)


def _same_party(one: Grant, other: Grant) -> bool:
    return (one.email, one.client_id) == (other.email, other.client_id)


def grant_to_json(grant: Grant) -> Json:
    """For the data file."""
    return {
        "email": grant.email,
        "client_id": grant.client_id,
        "scopes": list(grant.scopes),
        "offline": grant.offline,
    }


def grant_from_json(data: Json) -> Grant:
    """From the data file."""
    return Grant(data["email"], data["client_id"], tuple(data["scopes"]), data["offline"])
