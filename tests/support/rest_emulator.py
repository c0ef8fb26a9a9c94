"""Starts `python -m emulator rest` for a test and makes keys for it."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import jwt

from emulator.common.server import listen, make, serving
from emulator.rest.server import application
from tests.support.served_process import ServedProcess

DEFAULT_SECRET = "a-secret-for-tests-only-of-forty-characters"


class _Keys:
    """Makes keys of a project."""

    _secret: str

    def key(self, role: str, sub: str | None = None, **claims: object) -> str:
        """A token of `role`, for the person `sub`, good for an hour unless `exp` says otherwise."""
        content = {"iss": "supabase", "role": role, "exp": int(time.time()) + 3600, **claims}
        if sub is not None:
            content["sub"] = sub
        return jwt.encode(content, self._secret, algorithm="HS256")


class RestEmulator(_Keys, ServedProcess):
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


class RestThread(_Keys):
    """`with RestThread(database_url) as it:` — the stand-in, served by a thread of the test.

    A program of its own takes longer to start than most tests run.
    """

    def __init__(self, database_url: str, secret: str = DEFAULT_SECRET) -> None:
        self._secret = secret
        self._database_url = database_url
        self._serving = ExitStack()

    def __enter__(self) -> Self:
        environment = {"SUPABASE_JWT_SECRET": self._secret}
        with ExitStack() as stack:
            app = stack.enter_context(application(self._database_url, environment))
            listener = stack.enter_context(listen("127.0.0.1", 0))
            server = make(app, "127.0.0.1", listener)
            stack.enter_context(serving(server))
            self.url = f"http://127.0.0.1:{server.port}"
            self._serving = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._serving.close()
