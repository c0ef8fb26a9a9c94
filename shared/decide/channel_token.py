"""The token of a webhook subscription: which calendar it is for, and proof that we issued it."""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

VERSION = "v1"

_TOKEN = re.compile(rf"{VERSION}\.([0-9a-f]{{32}})\.([0-9a-f]{{64}})")


def issue_token(secret: str, channel_id: str, calendar_id: UUID) -> str:
    """The token to register with a channel: 100 ASCII characters, of the 256 that Google allows.

    Google signs nothing and Microsoft neither; both hand this back with every notification.
    """
    if not secret:
        raise ValueError("An empty secret would let anyone forge tokens.")
    return f"{VERSION}.{calendar_id.hex}.{_proof(secret, channel_id, calendar_id)}"


def read_token(secrets: Sequence[str], channel_id: str, token: str) -> UUID | None:
    """The calendar a token was issued for, or None if it is malformed or forged.

    Any of the secrets will do, so that they can be rotated. All of them are always tried: how
    long it takes says nothing about which one fits, or how much of the token is right.
    """
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    calendar_id = UUID(hex=parts[1])
    proofs = [_proof(secret, channel_id, calendar_id) for secret in secrets if secret]
    genuine = [hmac.compare_digest(proof, parts[2]) for proof in proofs]
    return calendar_id if any(genuine) else None


def _proof(secret: str, channel_id: str, calendar_id: UUID) -> str:
    # The calendar comes first: its length is fixed, so no two pairs make the same message.
    message = f"{VERSION}.{calendar_id.hex}.{channel_id}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), message, sha256).hexdigest()
