"""Two-way appointments: what becomes of an appointment and its event after both may have changed.

A three-way merge, field by field, against the last version that both sides agreed on. Only a field
that both sides changed to different values is a conflict, and a deletion of what the other side
changed; then the policy decides. docs/writing.md has the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.decide.appointment_content import Content, differing, differing_there
from shared.states import ConflictKind, ConflictPolicy, Decision, MergedEvent


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of an appointment and what they had in common.

    `local` is the row here and `remote` the event there (None: deleted). `base` is the version
    agreed on last as it was written here, `base_remote` as the provider rendered it (None: not
    seen yet). `offers` are versions handed to a delivery whose outcome is unknown, oldest first.
    `is_echo`: the event is as we wrote it last. `is_series`: it recurs there now.
    """

    local: Content | None
    remote: Content | None
    base: Content | None
    base_remote: Content | None = None
    offers: Sequence[Content] = ()
    is_echo: bool = False
    is_series: bool = False


@dataclass(frozen=True, slots=True)
class Moments:
    """When the sides changed: `local` by the database's clock, `remote` by the provider's.

    `remote` is None where the provider does not say. It changed after `agreed` (None: they never
    did) and before `seen`, both by the database's clock.
    """

    local: datetime
    remote: datetime | None
    agreed: datetime | None
    seen: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """What is written down: the kind, the fields that clash, the decision, and all versions.

    `merged` has both changes in one, with the provider's values where they clash.
    """

    kind: ConflictKind
    decision: Decision
    fields: tuple[str, ...]
    base: Content | None
    local: Content | None
    remote: Content | None
    merged: Content | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the appointment becomes (None: it goes), what both agree on then, and its event's fate.

    While a conflict is pending nothing of it is carried out.
    """

    event: MergedEvent
    local: Content | None
    base: Content | None
    conflict: Conflict | None = None


_WINNERS = {
    ConflictPolicy.PROVIDER_WINS: Decision.REMOTE,
    ConflictPolicy.LOCAL_WINS: Decision.LOCAL,
    ConflictPolicy.MANUAL: Decision.PENDING,
}


@dataclass(frozen=True, slots=True)
class _Base:
    """The common version, as it was here and there."""

    local: Content
    remote: Content


def plan_appointment(
    sides: Sides, policy: ConflictPolicy, moments: Moments, skew: timedelta
) -> Plan:
    """Decides; `skew` is by how much clocks may differ before one version counts as newer."""
    winner = _winner(policy, moments, skew)
    base = _common(sides)
    if sides.remote is None:
        return _gone_there(sides, base, winner)
    if sides.is_series:
        return _became_series(sides, base, sides.remote)
    if sides.local is None:
        return _deleted_here(sides.remote, base, winner)
    return _both_there(sides.local, sides.remote, base, winner)


def newest(moments: Moments, skew: timedelta) -> Decision:
    """Which side changed last: ours only where it is certain, else the provider's (guests saw it).

    The provider's stamp is believed as far as it can be true: not before both agreed, not after
    we saw the change. Without a stamp the change may have been made the moment before we saw it.
    """
    remote = moments.seen if moments.remote is None else min(moments.remote, moments.seen)
    if moments.agreed is not None:
        remote = max(remote, moments.agreed)
    return Decision.LOCAL if moments.local - remote > skew else Decision.REMOTE


def _winner(policy: ConflictPolicy, moments: Moments, skew: timedelta) -> Decision:
    return newest(moments, skew) if policy is ConflictPolicy.NEWEST_WINS else _WINNERS[policy]


def _common(sides: Sides) -> _Base | None:
    """The version from which both went on.

    A write whose answer was lost may have reached the provider: of all that it may have been
    given, it is the one nearest to what is there now; where that is undecided, the one that both
    agreed on.
    """
    known = _Base(sides.base, sides.base_remote or sides.base) if sides.base else None
    offered = [_Base(offer, offer) for offer in sides.offers]
    candidates = [*([known] if known else []), *offered]
    if sides.is_echo and sides.base and sides.remote:
        return _Base(sides.base, sides.remote)
    remote = sides.remote
    if remote is None:
        return candidates[0] if candidates else None
    return min(candidates, key=lambda each: len(differing_there(each.remote, remote)), default=None)


def _gone_there(sides: Sides, base: _Base | None, winner: Decision) -> Plan:
    local = sides.local
    forget = Plan(MergedEvent.FORGET, None, None)
    if local is None or (base is not None and local == base.local):
        return forget
    plan = Plan(MergedEvent.RECREATE, local, None) if winner is Decision.LOCAL else forget
    conflict = Conflict(
        ConflictKind.DELETED_THERE, winner, (), base.local if base else None, local, None, None
    )
    return replace(plan, conflict=conflict)


def _became_series(sides: Sides, base: _Base | None, remote: Content) -> Plan:
    """No policy decides this: an appointment cannot be a series, and a series is not ours."""
    conflict = Conflict(
        kind=ConflictKind.BECAME_SERIES,
        decision=Decision.PENDING,
        fields=(),
        base=base.local if base else None,
        local=sides.local,
        remote=remote,
        merged=None,
    )
    return Plan(MergedEvent.KEEP, sides.local, None, conflict)


def _deleted_here(remote: Content, base: _Base | None, winner: Decision) -> Plan:
    if base is not None and not differing_there(base.remote, remote):
        return Plan(MergedEvent.DELETE, None, base.local)
    delete = Plan(MergedEvent.DELETE, None, remote)
    keep = Plan(MergedEvent.KEEP, remote, remote)
    plan = delete if winner is Decision.LOCAL else keep
    conflict = Conflict(
        ConflictKind.DELETED_HERE, winner, (), base.local if base else None, None, remote, None
    )
    return replace(plan, conflict=conflict)


def _both_there(local: Content, remote: Content, base: _Base | None, winner: Decision) -> Plan:
    apart = differing_there(local, remote)
    ours = differing(base.local, local) if base else apart
    theirs = differing_there(base.remote, remote) if base else apart
    clash = tuple(sorted(ours & theirs & apart))
    arrived = _taking(local, remote, theirs & apart)
    # What both sides have in common from now on: the old, but for what changed there.
    common = (base.local if base else local).with_values_of(arrived, theirs)
    content = arrived if winner is not Decision.LOCAL else arrived.with_values_of(local, clash)
    event = MergedEvent.UPDATE if differing(content, common) else MergedEvent.KEEP
    plan = Plan(event, content, common)
    if not clash and not (ours & apart and theirs & apart):
        return plan
    conflict = Conflict(
        kind=ConflictKind.BOTH_CHANGED,
        decision=winner if clash else Decision.MERGED,
        fields=clash,
        base=base.local if base else None,
        local=local,
        remote=remote,
        merged=arrived,
    )
    return replace(plan, conflict=conflict)


def _taking(local: Content, remote: Content, fields: frozenset[str]) -> Content:
    """Gives ours with the provider's values; a zone that it does not tell stays ours."""
    taken = local.with_values_of(remote, fields)
    if taken.when.time_zone is None and taken.when.start_at is not None:
        return replace(taken, when=replace(taken.when, time_zone=local.when.time_zone))
    return taken
