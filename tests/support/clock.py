"""Moves the clock of connections that are open.

A new connection compiles each function that it calls, which takes longer than most tests do.
"""

import time
from datetime import datetime
from urllib.parse import quote

import psycopg

from shared.db.database import Database
from shared.db.direct import DirectDatabase

_IDLE_SECONDS = 1.0


def url_at(database_url: str, instant: datetime) -> str:
    """The URL of a database whose clock stands at an instant."""
    setting = quote(f"-c calsync.now={instant.isoformat()}")
    return f"{database_url}?options={setting}"


def move(database: Database, url: str, instant: datetime) -> bool:
    """Moves it, for connections to come as well (`url`); False if one is in use, or none ours."""
    if not isinstance(database, DirectDatabase):
        return False
    pool = database._pool
    pool.conninfo = url
    deadline = time.monotonic() + _IDLE_SECONDS
    while (stats := pool.get_stats()).get("pool_available", 0) < stats.get("pool_size", 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    connections = [pool.getconn() for _ in range(stats.get("pool_available", 0))]
    try:
        for connection in connections:
            connection.execute("select set_config('calsync.now', %s, false)", [instant.isoformat()])
    except psycopg.OperationalError:  # somebody has ended it
        return False
    finally:
        for connection in connections:
            pool.putconn(connection)
    return True
