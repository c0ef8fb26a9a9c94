"""Who asks: keys and tokens become a role and claims.

Source: PostgREST, "Authentication" reference; Supabase, "API keys" guide (opaque `sb_secret_…`
keys stand for a role without being tokens).
"""

import hmac
import json
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from emulator.rest.errors import RestError

Role = Literal["anon", "authenticated", "service_role"]
_CLOCK_SKEW_SECONDS = 30


@dataclass(frozen=True)
class Keys:
    """What the stand-in recognises: the secret that signs tokens, and keys that are none."""

    jwt_secret: str
    opaque: tuple[tuple[str, Role], ...] = ()
    #: Signs what the sign-in stand-in issues, where it uses asymmetric keys (ES256).
    public_key: ec.EllipticCurvePublicKey | None = None


@dataclass(frozen=True)
class Identity:
    """The role a request acts in, and its token's claims as JSON."""

    role: Role
    claims: str

    @property
    def authenticated(self) -> bool:
        return self.role != "anon"


def identify(apikey: str | None, authorization: str | None, keys: Keys) -> Identity:
    """The identity of a request: its bearer token if it has one, else its apikey, else anon.

    Raises:
        RestError: 401 PGRST301 for a credential that is not ours, PGRST303 for one whose claims
            do not hold (expired, say); 403 for a role that the API may not take.
    """
    of_key = _identity_of(apikey, keys) if apikey else None
    token = _bearer(authorization)
    if token is not None:
        return _identity_of(token, keys)
    return of_key or Identity("anon", json.dumps({"role": "anon"}))


def _bearer(header: str | None) -> str | None:
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _identity_of(credential: str, keys: Keys) -> Identity:
    for key, role in keys.opaque:
        if hmac.compare_digest(key.encode(), credential.encode()):
            return Identity(role, json.dumps({"role": role}))
    claims = _verified(credential, keys)
    claims.setdefault("role", "anon")
    return Identity(_allowed(claims["role"]), json.dumps(claims))


def _verified(token: str, keys: Keys) -> dict[str, Any]:
    if not token:
        raise _invalid("PGRST301", "Empty JWT is sent in Authorization header")
    parts = token.count(".") + 1
    if parts != 3:
        raise _invalid("PGRST301", f"Expected 3 parts in JWT; got {parts}")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            *_key(token, keys),
            leeway=_CLOCK_SKEW_SECONDS,
            # PostgREST checks an audience only where one is configured.
            options={"verify_aud": False, "verify_sub": False, "verify_jti": False},
        )
    except jwt.InvalidTokenError as error:
        raise _refused(error) from error
    return claims


def _key(token: str, keys: Keys) -> tuple[Any, list[str]]:
    """The key and the one algorithm that it is for."""
    if keys.public_key is not None and jwt.get_unverified_header(token).get("alg") == "ES256":
        return keys.public_key, ["ES256"]
    return keys.jwt_secret, ["HS256"]


def _refused(error: jwt.InvalidTokenError) -> RestError:
    match error:
        case jwt.ExpiredSignatureError():
            return _invalid("PGRST303", "JWT expired")
        case jwt.ImmatureSignatureError() if "iat" in str(error):
            return _invalid("PGRST303", "JWT issued at future")
        case jwt.ImmatureSignatureError():
            return _invalid("PGRST303", "JWT not yet valid")
        case jwt.InvalidAlgorithmError():
            return _invalid("PGRST301", "Wrong or unsupported encoding algorithm")
        case jwt.InvalidSignatureError():
            return _invalid("PGRST301", "No suitable key or wrong key type")
        case jwt.DecodeError() if "claim" not in str(error):
            return _invalid("PGRST301", "JWT cryptographic operation failed")
        case _:
            return _invalid("PGRST303", "Parsing claims failed")


def _invalid(code: str, message: str) -> RestError:
    challenge = f'Bearer error="invalid_token", error_description="{message}"'
    return RestError(401, code, message, headers={"WWW-Authenticate": challenge})


def _allowed(role: object) -> Role:
    """The database would let a superuser's connection become anyone; an authenticator's not."""
    if role in get_args(Role):
        return cast("Role", role)
    raise RestError(403, "42501", f'permission denied to set role "{role}"')
