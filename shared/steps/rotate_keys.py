"""Rotate keys: seal all credentials anew with the newest key, while syncs go on."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.db.database import Row
from shared.errors import ConfigurationError
from shared.steps.service import Service

log = structlog.get_logger()

BATCH = 200


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did; `unopened` are accounts whose credentials no key opens."""

    accounts: int
    resealed: int
    unopened: tuple[UUID, ...]


def rotate_keys(
    service: Service, batch: int = BATCH, told: Callable[[int], object] = lambda _done: None
) -> Rotation:
    """Reseals what is not sealed with the first of TOKEN_ENCRYPTION_KEYS; safe to repeat.

    `told` is called with the number of accounts done so far. Nothing is overwritten that a sync
    stored meanwhile (compare and set), and a sync that holds the credentials as they were opens
    them with the older key. Whoever writes credentials must know the newest key already.
    """
    done, resealed = 0, 0
    unopened: list[UUID] = []
    page = _page(service, batch, None)
    while page:
        for row in page:
            try:
                resealed += _reseal(service, row)
            except ConfigurationError:
                unopened.append(UUID(row["account_id"]))
        done += len(page)
        told(done)
        page = _page(service, batch, page[-1])
    log.info("keys_rotated", accounts=done, resealed=resealed, unopened=len(unopened))
    return Rotation(done, resealed, tuple(unopened))


def _page(service: Service, batch: int, last: Row | None) -> list[Row]:
    after = {name: last[name] if last else None for name in ("user_id", "account_id")}
    return list(
        service.database.call(
            "credentials_to_reseal",
            limit=batch,
            **{f"after_{name}": value for name, value in after.items()},
        )
    )


def _reseal(service: Service, row: Row) -> bool:
    """Whether there was anything to do. Raises `ConfigurationError` where no key fits."""
    before, changed = row["sealed"], False
    while (sealed := service.sealer.resealed(before)) is not None:
        found = service.database.call(
            "reseal_credentials",
            user_id=row["user_id"],
            account_id=row["account_id"],
            before=before,
            sealed=sealed,
        )
        if not found:
            return False  # disconnected meanwhile
        changed = found[0]["resealed"]
        before = found[0]["sealed"]
    return changed
