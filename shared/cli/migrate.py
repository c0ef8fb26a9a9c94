"""`calsync migrate`: bring the database up to date."""

from shared.cli.context import environment
from shared.cli.output import Json, err, show
from shared.config import read_settings
from shared.db.migrate import migrate as apply_migrations
from shared.errors import ConfigurationError


def migrate(as_json: Json = False) -> None:
    """Apply the migrations that the database of DATABASE_URL lacks."""
    url = read_settings(environment()).database_url
    if url is None:
        raise ConfigurationError("DATABASE_URL is missing: migrations need Postgres itself")
    with err.status("Connecting") as status:
        applied = apply_migrations(url, status.update)
    show({"applied": applied}, as_json, lambda: _told(applied))


def _told(applied: list[str]) -> str:
    return f"Applied: {', '.join(applied)}" if applied else "The database is up to date."
