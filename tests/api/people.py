"""Tokens and callers for tests of the API."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt

from tests.support.rig import Rig

JWT_SECRET = "a-jwt-secret-for-tests-only-of-forty-chars"
SERVICE_KEY = "service-role-key-of-the-tests"
API = "/api/v1/calendar"
PROBLEM = "application/problem+json"
ENVIRONMENT = {"SUPABASE_JWT_SECRET": JWT_SECRET, "SUPABASE_SERVICE_ROLE_KEY": SERVICE_KEY}


def token(user_id: UUID | str, secret: str = JWT_SECRET, **claims: Any) -> str:
    """A token as Supabase Auth issues it, good for an hour; a claim given as None is left out."""
    content = {
        "sub": str(user_id),
        "aud": "authenticated",
        "role": "authenticated",
        "exp": int(time.time()) + 3600,
        **claims,
    }
    said = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(said, secret, "HS256")


@dataclass(frozen=True)
class Client:
    """Somebody who calls the API with a token, or (None) without."""

    rig: Rig
    token: str | None

    def get(self, path: str, **query: Any) -> httpx.Response:
        """GET below /api/v1/calendar."""
        return self.request("GET", path, params=query or None)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """POST below /api/v1/calendar; `_` in the name of a header stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, json={} if body is None else body, headers=named)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        url = path if path.startswith("http") else f"{self.rig.url}{API}/{path}"
        return httpx.request(method, url, headers=headers, timeout=60, **more)


def person(rig: Rig, user_id: UUID) -> Client:
    """A signed-in person."""
    return Client(rig, token(user_id))


def service(rig: Rig) -> Client:
    """The holder of the service-role key."""
    return Client(rig, SERVICE_KEY)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and stable code of a problem."""
    assert answer.headers["content-type"] == PROBLEM, answer.text
    return answer.status_code, answer.json()["code"]
