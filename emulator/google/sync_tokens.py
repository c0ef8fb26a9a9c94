"""Sync tokens: bound to a resource and to the query they came from; they die (guides/sync)."""

from dataclasses import dataclass

from emulator.common.json_types import Json
from emulator.common.opaque import seal, unseal

from .errors import bad_parameter, full_sync_required
from .world import World


@dataclass(frozen=True)
class Source:
    """What a token belongs to: a resource and the present state of its change counter."""

    resource: str
    seq: int
    epoch: int
    lost_seqs: tuple[tuple[int, int], ...] = ()


def issue(world: World, source: Source, bound: Json) -> str:
    """A token for everything after the source's present state."""
    payload = {
        "sync": source.resource,
        "seq": source.seq,
        "epoch": source.epoch,
        "at": world.now_ms(),
        "bound": bound,
    }
    return seal(world.state.secret, payload)


def redeem(world: World, source: Source, text: str) -> tuple[int, Json]:
    """The change number and the bound parameters of a token.

    Errors: 400 `invalid` if it is no token of this resource, 410 `fullSyncRequired` if it
    is dead: too old, expired on demand, or of changes that a crash of the emulator lost.
    """
    payload = unseal(world.state.secret, text)
    if payload is None or payload.get("sync") != source.resource:
        raise bad_parameter("syncToken", "Invalid sync token value.", "invalid")
    max_age_s = world.state.settings.sync_token_max_age_s
    age_ms = world.now_ms() - payload["at"]
    too_old = max_age_s is not None and age_ms > max_age_s * 1000
    seq = int(payload["seq"])
    lost = seq > source.seq or any(low < seq <= high for low, high in source.lost_seqs)
    if too_old or lost or payload["epoch"] != source.epoch:
        raise full_sync_required()
    return seq, payload["bound"]
