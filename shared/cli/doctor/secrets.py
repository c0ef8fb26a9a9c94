"""Are the secrets there, long enough, and not shared?"""

from collections.abc import Iterator

from shared.cli.doctor.check import Check, failed, ok, warning
from shared.config import Settings

SHORTEST = 32
"""Characters of a random secret: 192 bits as base64."""


def check_secrets(settings: Settings) -> Iterator[Check]:
    """WEBHOOK_SECRET and CRON_SECRET; the newest webhook secret signs, older ones only verify."""
    yield _long_enough("WEBHOOK_SECRET", settings.webhook_secrets[:1])
    if settings.cron_secret is None:
        yield warning("CRON_SECRET", "not set: crons then need the service-role key")
        return
    yield _long_enough("CRON_SECRET", (settings.cron_secret,))
    if settings.cron_secret in (*settings.webhook_secrets, settings.service_role_key):
        yield failed("CRON_SECRET", "equals another secret: give each its own")


def _long_enough(name: str, values: tuple[str, ...]) -> Check:
    if not values:
        return failed(name, "missing: make one with `calsync doctor --new-key`")
    length = len(values[0])
    if length < SHORTEST:
        return failed(name, f"{length} characters; use {SHORTEST} random ones or more")
    return ok(name, f"{length} characters")
