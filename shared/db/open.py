"""Chooses the transport that the settings ask for."""

from shared.config import Settings
from shared.db.database import Database
from shared.db.direct import DirectDatabase
from shared.errors import ConfigurationError


def open_database(settings: Settings) -> Database:
    """Postgres itself where `DATABASE_URL` is set, else the REST interface of a Supabase project.

    Raises `ConfigurationError` when neither is configured. Nothing is connected yet.
    """
    if settings.database_url is not None:
        return DirectDatabase(settings.database_url, size=settings.database_pool_size)
    if settings.supabase_url is not None and settings.service_role_key is not None:
        # Not at the top: the client takes a quarter of the start of a program, and most need none.
        from shared.db.rest import RestDatabase  # noqa: PLC0415

        return RestDatabase(settings.supabase_url, settings.service_role_key)
    raise ConfigurationError(
        "No database: set DATABASE_URL, or SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY"
    )
