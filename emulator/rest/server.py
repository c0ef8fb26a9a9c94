"""`python -m emulator rest`: serves Supabase's two stand-ins until SIGTERM or Ctrl-C."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import ConnectionPool
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from emulator.auth.app import PREFIX, AuthApplication
from emulator.auth.keys import Signer, private_key
from emulator.auth.store import Store
from emulator.common.server import PortTaken, listen, make, serve_until_stopped
from emulator.rest.app import RestApplication
from emulator.rest.auth import Keys, Role

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_POOL_SIZE = 10
_POOL_WAIT_SECONDS = 10
_OPAQUE_KEYS: dict[str, Role] = {
    "SUPABASE_ANON_KEY": "anon",
    "SUPABASE_SERVICE_ROLE_KEY": "service_role",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options: where to listen, and which database to serve."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=54320, help="port to listen on, 0: a free one")
    parser.add_argument(
        "--asymmetric", action="store_true", help="sign people's tokens by a key of its own (ES256)"
    )
    parser.add_argument(
        "--token-seconds", type=int, default=3600, help="how long people's access tokens live"
    )
    parser.add_argument(
        "--database-url",
        default=os.environ.get("DATABASE_URL"),
        help="database to serve, as a role that may become anon, authenticated and service_role",
    )


def run(args: argparse.Namespace) -> int:
    """Serves until stopped; writes `{"ready": true, "url": …}` when requests are accepted."""
    try:
        if not args.database_url:
            raise ValueError("--database-url (or DATABASE_URL) is missing.")
        with (
            application(
                args.database_url, os.environ, args.token_seconds, asymmetric=args.asymmetric
            ) as both,
            listen(args.host, args.port) as listener,
        ):
            serve_until_stopped(make(both, args.host, listener), args.host)
    except (ValueError, OSError, PortTaken, psycopg.Error) as error:
        sys.stderr.write(f"emulator rest: {error}\n")
        return 1
    return 0


@contextmanager
def application(
    database_url: str,
    environment: Mapping[str, str],
    token_seconds: int = 3600,
    *,
    asymmetric: bool = False,
) -> Iterator["WSGIApplication"]:
    """Both stand-ins over a database, until the block ends.

    Raises:
        ValueError: SUPABASE_JWT_SECRET is missing in the environment.
    """
    keys = _keys(environment)
    signer = Signer(keys.jwt_secret, asymmetric)
    if signer.asymmetric:
        keys = replace(keys, public_key=private_key(keys.jwt_secret).public_key())
    # The pool would try again in silence; a wrong address is better said at once.
    psycopg.connect(database_url).close()
    with _pool(database_url) as pool:
        rest = RestApplication(pool, keys)
        signing_in = AuthApplication(Store(pool), signer, keys, token_seconds)
        yield DispatcherMiddleware(rest, {PREFIX: signing_in})


def _pool(database_url: str) -> ConnectionPool:
    return ConnectionPool(
        database_url,
        min_size=1,
        max_size=_POOL_SIZE,
        timeout=_POOL_WAIT_SECONDS,
        # A restart of the database costs no request.
        check=ConnectionPool.check_connection,
        # Roles and search paths change with every request: no plan outlives one.
        kwargs={"prepare_threshold": None},
        open=True,
    )


def _keys(environment: Mapping[str, str]) -> Keys:
    """Reads the signing secret and the keys that are no tokens.

    Raises:
        ValueError: SUPABASE_JWT_SECRET is missing.
    """
    secret = environment.get("SUPABASE_JWT_SECRET", "")
    if not secret:
        raise ValueError("SUPABASE_JWT_SECRET is missing: tokens could not be verified.")
    given = ((environment.get(name, ""), role) for name, role in _OPAQUE_KEYS.items())
    # A key that is a token must prove itself like any other token.
    opaque = tuple((key, role) for key, role in given if key and key.count(".") != 2)
    return Keys(secret, opaque)
