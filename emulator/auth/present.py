"""People and sessions as GoTrue's JSON shows them."""

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from emulator.auth.keys import AUDIENCE

Json = dict[str, Any]


def user(person: Json) -> Json:
    """A row of the store as GoTrue's user object; addresses count as confirmed."""
    created = _stamp(person["created_at"])
    return {
        "id": str(person["id"]),
        "aud": AUDIENCE,
        "role": AUDIENCE,
        "email": person["email"],
        "email_confirmed_at": created,
        "confirmed_at": created,
        "phone": "",
        "last_sign_in_at": _stamp(person["last_sign_in_at"]),
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": person["metadata"],
        "identities": [],
        "created_at": created,
        "updated_at": _stamp(person["updated_at"]) or created,
        "is_anonymous": False,
    }


def claims(person: Json, session_id: UUID, issuer: str, seconds: int) -> Json:
    """What an access token says (Supabase, "JWT claims reference")."""
    now = int(time.time())
    return {
        "iss": issuer,
        "sub": str(person["id"]),
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + seconds,
        "email": person["email"],
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": person["metadata"],
        "role": AUDIENCE,
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": str(session_id),
        "is_anonymous": False,
    }


def session(access_token: str, refresh_token: str, seconds: int, person: Json) -> Json:
    """What signing in and refreshing answer."""
    return {
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": seconds,
        "expires_at": int(time.time()) + seconds,
        "refresh_token": refresh_token,
        "user": user(person),
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
