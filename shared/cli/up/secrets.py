"""The secrets of an installation of one's own: made at the first start, kept in dev.env."""

import secrets
from pathlib import Path

import jwt
from cryptography.fernet import Fernet

from shared.cli.context import read_variables, write_variables

FILE = "dev.env"
FAR_AHEAD = 4102444800
"""2100-01-01: keys of a development installation are changed by deleting the file."""


def kept_secrets(home: Path) -> dict[str, str]:
    """The secrets of `home`; what is missing is made (file mode 600)."""
    path = home / FILE
    known = read_variables(path)
    passwords = ("CALDAV_DEMO_PASSWORD", "DEMO_PASSWORD")
    demo = {name: secrets.token_urlsafe(16) for name in passwords}
    complete = fresh_secrets() | demo | known
    if "SUPABASE_JWT_SECRET" not in known:
        complete |= signed_keys(complete["SUPABASE_JWT_SECRET"])
    if complete != known:
        write_variables(path, complete)
    return complete


def fresh_secrets() -> dict[str, str]:
    """New random secrets, by the names of their settings."""
    jwt_secret = secrets.token_urlsafe(48)
    return {
        "CRON_SECRET": secrets.token_urlsafe(32),
        "WEBHOOK_SECRET": secrets.token_urlsafe(32),
        "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "SUPABASE_JWT_SECRET": jwt_secret,
        **signed_keys(jwt_secret),
    }


def signed_keys(jwt_secret: str) -> dict[str, str]:
    """The two API keys of a Supabase project: tokens of its roles, signed with HS256."""
    roles = {"SUPABASE_ANON_KEY": "anon", "SUPABASE_SERVICE_ROLE_KEY": "service_role"}
    return {
        name: jwt.encode({"iss": "calsync", "role": role, "exp": FAR_AHEAD}, jwt_secret, "HS256")
        for name, role in roles.items()
    }
