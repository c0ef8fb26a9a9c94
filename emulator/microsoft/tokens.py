"""Codes, access tokens and refresh tokens of the Microsoft identity platform."""

import random
from dataclasses import dataclass, field, replace

from emulator.common import tokens
from emulator.common.tokens import BaseGrant, Client, secret

GRAPH = "https://graph.microsoft.com/"


@dataclass(frozen=True)
class Grant(BaseGrant):
    """What a person allowed a client."""

    @property
    def permissions(self) -> frozenset[str]:
        """Short names: `Calendars.ReadWrite` for `https://graph.microsoft.com/Calendars…`."""
        return frozenset(scope.removeprefix(GRAPH) for scope in self.scopes)


Code = tokens.Code[Grant]
AccessToken = tokens.AccessToken[Grant]


@dataclass(frozen=True)
class RefreshToken:
    """`trouble` is the AADSTS code that every use of it gets from now on."""

    grant: Grant
    issued_ms: int
    trouble: int | None = None


@dataclass
class TokenStore:
    """All codes and tokens; their texts are secrets, so they are the keys."""

    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)

    def issue_code(self, rng: random.Random, code: Code) -> str:
        """Remember a code and return it."""
        text = secret(rng, "M.C5_BAY.2.U.", 40)
        self.codes[text] = code
        return text

    def issue_access(self, rng: random.Random, grant: Grant, expires_ms: int) -> str:
        """A new access token."""
        text = secret(rng, "EwB4A8l6BAAU", 80)
        self.access[text] = AccessToken(grant, expires_ms)
        return text

    def issue_refresh(self, rng: random.Random, grant: Grant, now_ms: int) -> str:
        """A new refresh token."""
        text = secret(rng, "M.C5_BAY.0.U.-C", 80)
        self.refresh[text] = RefreshToken(grant, now_ms)
        return text

    def expire_access(self, email: str | None = None) -> int:
        """Let access tokens (of one person) expire now; refresh tokens live on."""
        return tokens.expire(self.access, email)

    def break_refresh(self, email: str, code: int | None) -> int:
        """From now on this person's present refresh tokens are answered with that AADSTS code."""
        hit = [key for key, token in self.refresh.items() if token.grant.email == email]
        for key in hit:
            self.refresh[key] = replace(self.refresh[key], trouble=code)
        return len(hit)
