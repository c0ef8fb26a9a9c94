"""Starts `python -m emulator rest` for a test and makes keys for it."""

import json
import os
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import jwt

from tests.support.postgres import REPOSITORY

_STOP_WITHIN_SECONDS = 10
DEFAULT_SECRET = "a-secret-for-tests-only-of-forty-characters"


class RestEmulator:
    """The stand-in for PostgREST over a database, while the `with` block runs."""

    url: str

    def __init__(self, database_url: str, secret: str = DEFAULT_SECRET, **environment: str) -> None:
        self._secret = secret
        self._command = [
            *(sys.executable, "-m", "emulator", "rest"),
            *("--port", "0", "--database-url", database_url),
        ]
        self._environment = {**os.environ, "SUPABASE_JWT_SECRET": secret, **environment}

    def key(self, role: str, sub: str | None = None, **claims: object) -> str:
        """A token of `role`, for the person `sub`, good for an hour unless `exp` says otherwise."""
        content = {"iss": "supabase", "role": role, "exp": int(time.time()) + 3600, **claims}
        if sub is not None:
            content["sub"] = sub
        return jwt.encode(content, self._secret, algorithm="HS256")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=REPOSITORY, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            raise RuntimeError(f"The stand-in ended with status {self._process.wait()}")
        self.url = json.loads(ready)["url"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
