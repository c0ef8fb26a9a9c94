"""Open: put the parts together as the settings say."""

import os
import socket

from shared.clock import jitter
from shared.config import Settings
from shared.db.open import open_database
from shared.errors import ConfigurationError
from shared.providers.registry import providers
from shared.sealing import Sealer
from shared.steps.service import Service


def open_service(settings: Settings) -> Service:
    """Gives the service. Raises `ConfigurationError` naming what is missing."""
    if not settings.webhook_secrets:
        raise ConfigurationError(
            "WEBHOOK_SECRET is missing: set one or more secrets, newest first, comma-separated"
        )
    return Service(
        database=open_database(settings),
        providers=providers(settings),
        sealer=Sealer(settings.token_encryption_keys),
        settings=settings,
        jitter=jitter,
        worker=f"{socket.gethostname()}:{os.getpid()}",
    )
