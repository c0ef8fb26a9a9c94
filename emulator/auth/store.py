"""People, passwords, sessions and refresh tokens, in the Postgres that the stand-in serves."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection, Cursor
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from werkzeug.security import check_password_hash, generate_password_hash

from emulator.auth.errors import exists_already

Row = dict[str, Any]

REUSE_SECONDS = 10
"""So long a refresh token may be used again: two tabs refresh at once (GoTrue's default)."""
_SCHEMA = Path(__file__).with_name("schema.sql")
_PERSON = """
select u.id, u.email, u.created_at, p.password, coalesce(p.metadata, '{}') as metadata,
  p.updated_at, p.last_sign_in_at
from auth.users u left join emulator_auth.people p on p.user_id = u.id
"""


class Store:
    """What the stand-in remembers. Its tables are made by the first request."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._lock = Lock()
        self._made = False

    def add(self, email: str, password: str, metadata: Row) -> Row:
        """A new person. Raises `AuthError` where somebody has that e-mail."""
        with self._cursor() as cursor:
            added = cursor.execute(
                "insert into auth.users (id, email) values (%s, %s)"
                " on conflict do nothing returning id",
                (uuid4(), email),
            ).fetchone()
            if added is None:
                raise exists_already()
            _set_password(cursor, added["id"], password, metadata)
        return self.person(added["id"])

    def change(self, user_id: UUID, password: str) -> None:
        """Sets somebody's password: also of people who never signed up."""
        with self._cursor() as cursor:
            _set_password(cursor, user_id, password, {})

    def remove(self, user_id: UUID) -> None:
        """Deletes a person, with everything of theirs."""
        with self._cursor() as cursor:
            cursor.execute("delete from auth.users where id = %s", (user_id,))

    def person(self, user_id: UUID) -> Row:
        """A person; LookupError where there is none."""
        return self._one(f"{_PERSON} where u.id = %s", (user_id,))

    def people(self) -> list[Row]:
        """Everybody."""
        with self._cursor() as cursor:
            return cursor.execute(f"{_PERSON} order by u.created_at, u.id").fetchall()

    def signed_in(self, email: str, password: str) -> Row:
        """The person with these credentials; LookupError where there is none."""
        found = self._one(f"{_PERSON} where lower(u.email) = lower(%s)", (email,))
        if not found["password"] or not check_password_hash(found["password"], password):
            raise LookupError
        return found

    def open_session(self, user_id: UUID) -> tuple[UUID, str]:
        """A new session and its first refresh token."""
        with self._cursor() as cursor:
            session = _one(
                cursor,
                "insert into emulator_auth.sessions (user_id) values (%s) returning id",
                (user_id,),
            )
            cursor.execute(
                "update emulator_auth.people set last_sign_in_at = now() where user_id = %s",
                (user_id,),
            )
            return session["id"], _new_token(cursor, session["id"])

    def refresh(self, token: str) -> tuple[Row, str] | None:
        """The session of a refresh token (`id`, `user_id`) and the next token.

        None for one that was used before: its session ends, for somebody may have stolen it.
        LookupError for one that nobody has.
        """
        with self._cursor() as cursor:
            found = _one(
                cursor,
                "select s.id, s.user_id, t.used_at,"
                " t.used_at < now() - make_interval(secs => %s) as stale"
                " from emulator_auth.refresh_tokens t"
                " join emulator_auth.sessions s on s.id = t.session_id"
                " where t.token_hash = %s for update of t",
                (REUSE_SECONDS, _hash(token)),
            )
            if found["stale"]:
                cursor.execute("delete from emulator_auth.sessions where id = %s", (found["id"],))
                return None
            cursor.execute(
                "update emulator_auth.refresh_tokens set used_at = coalesce(used_at, now())"
                " where token_hash = %s",
                (_hash(token),),
            )
            return found, _new_token(cursor, found["id"])

    def has_session(self, session_id: UUID) -> bool:
        """Whether somebody did not sign out."""
        with self._cursor() as cursor:
            query = "select 1 from emulator_auth.sessions where id = %s"
            return cursor.execute(query, (session_id,)).fetchone() is not None

    def close_sessions(self, user_id: UUID, session_id: UUID, scope: str) -> None:
        """Signs out here (`local`), elsewhere (`others`) or everywhere (`global`)."""
        with self._cursor() as cursor:
            cursor.execute(
                "delete from emulator_auth.sessions where user_id = %(user)s and case %(scope)s"
                " when 'local' then id = %(id)s when 'others' then id <> %(id)s else true end",
                {"user": user_id, "id": session_id, "scope": scope},
            )

    def _one(self, query: str, values: tuple[Any, ...]) -> Row:
        with self._cursor() as cursor:
            return _one(cursor, query, values)

    @contextmanager
    def _cursor(self) -> Iterator[Cursor[Row]]:
        """One transaction."""
        with self._pool.connection() as connection:
            # Also puts right what a request before left on this connection.
            connection.read_only = False
            self._make_tables(connection)
            with connection.cursor(row_factory=dict_row) as cursor:
                yield cursor

    def _make_tables(self, connection: Connection) -> None:
        with self._lock:
            if not self._made:
                connection.execute("select pg_advisory_xact_lock(hashtext('emulator_auth'))")
                connection.execute(_SCHEMA.read_bytes())
                connection.commit()
                self._made = True


def _one(cursor: Cursor[Row], query: str, values: tuple[Any, ...]) -> Row:
    found = cursor.execute(query, values).fetchone()
    if found is None:
        raise LookupError
    return found


def _set_password(cursor: Cursor[Row], user_id: UUID, password: str, metadata: Row) -> None:
    cursor.execute(
        "insert into emulator_auth.people (user_id, password, metadata) values (%s, %s, %s)"
        " on conflict (user_id) do update set password = excluded.password, updated_at = now()",
        (user_id, generate_password_hash(password), Jsonb(metadata)),
    )


def _new_token(cursor: Cursor[Row], session_id: UUID) -> str:
    token = secrets.token_urlsafe(16)
    cursor.execute(
        "insert into emulator_auth.refresh_tokens (token_hash, session_id) values (%s, %s)",
        (_hash(token), session_id),
    )
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
