"""Opaque, tamper-evident tokens: sync tokens and page tokens."""

import base64
import hashlib
import hmac
import json

from .json_types import Json

_MAC_BYTES = 9


def seal(secret: bytes, payload: Json) -> str:
    """URL-safe base64 with padding, so that clients must escape it, as with Google's."""
    raw = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
    mac = hmac.digest(secret, raw, hashlib.sha256)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac + raw).decode()


def unseal(secret: bytes, text: str) -> Json | None:
    """The payload, or None if this text was not sealed with this secret."""
    try:
        data = base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return None
    mac, raw = data[:_MAC_BYTES], data[_MAC_BYTES:]
    if not hmac.compare_digest(mac, hmac.digest(secret, raw, hashlib.sha256)[:_MAC_BYTES]):
        return None
    payload: Json = json.loads(raw)
    return payload
