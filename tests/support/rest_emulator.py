"""Starts `python -m emulator rest` for a test and makes keys for it."""

import os
import sys
import time
from collections.abc import Mapping, Sequence

import jwt

from tests.support.served_process import ServedProcess

DEFAULT_SECRET = "a-secret-for-tests-only-of-forty-characters"


class RestEmulator(ServedProcess):
    """The stand-in for PostgREST over a database, while the `with` block runs."""

    def __init__(self, database_url: str, secret: str = DEFAULT_SECRET, **variables: str) -> None:
        super().__init__()
        self._secret = secret
        self._database_url = database_url
        self._variables = variables

    def command(self) -> Sequence[str]:
        """The stand-in on a free port."""
        head = [sys.executable, "-m", "emulator", "rest", "--port", "0"]
        return [*head, "--database-url", self._database_url]

    def environment(self) -> Mapping[str, str]:
        """With the secret that signs keys."""
        return {**os.environ, "SUPABASE_JWT_SECRET": self._secret, **self._variables}

    def key(self, role: str, sub: str | None = None, **claims: object) -> str:
        """A token of `role`, for the person `sub`, good for an hour unless `exp` says otherwise."""
        content = {"iss": "supabase", "role": role, "exp": int(time.time()) + 3600, **claims}
        if sub is not None:
            content["sub"] = sub
        return jwt.encode(content, self._secret, algorithm="HS256")
