"""The clientState of a Graph subscription: which calendar and subscription, and proof of it."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

VERSION = "m1"

_STATE = re.compile(rf"{VERSION}\.([0-9a-f]{{32}})\.([0-9a-f]{{32}})\.([\w-]{{43}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a genuine clientState says; `subscription_id` is ours, made before Graph was asked."""

    calendar_id: UUID
    subscription_id: UUID


def issue_client_state(secret: str, subscription_id: str, calendar_id: UUID) -> str:
    """The clientState to register: 112 ASCII characters, of the 128 that Graph allows.

    Unlike a channel token it names the subscription itself: one POST of Graph may bring news of
    several, under ids that Graph makes up after it was asked.
    """
    if not secret:
        raise ValueError("An empty secret would let anyone forge notifications.")
    said = f"{VERSION}.{calendar_id.hex}.{UUID(subscription_id).hex}"
    return f"{said}.{_proof(secret, said)}"


def read_client_state(secrets: Sequence[str], state: str) -> Vouched | None:
    """What a clientState says, or None if it is malformed or forged.

    Any of the secrets will do, so that they can be rotated. All of them are always tried: how
    long it takes says nothing about which one fits, or how much of the proof is right.
    """
    parts = _STATE.fullmatch(state)
    if parts is None:
        return None
    said = state.rpartition(".")[0]
    genuine = [hmac.compare_digest(_proof(secret, said), parts[3]) for secret in secrets if secret]
    return Vouched(UUID(hex=parts[1]), UUID(hex=parts[2])) if any(genuine) else None


def _proof(secret: str, said: str) -> str:
    digest = hmac.new(secret.encode(), said.encode(), sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
