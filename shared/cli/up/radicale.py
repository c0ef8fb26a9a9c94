"""The Radicale of `calsync up`: its configuration, and where the demo person's calendar is."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from shared.cli.up.plan import HOST, Plan

ANN = "ann@example.test"
"""Who has an account there."""
PASSWORD = "CALDAV_DEMO_PASSWORD"
COLLECTION = "home"
"""The calendar that `python -m emulator caldav-people` makes."""
CHANGED = Path("radicale", "changed")
"""The file that Radicale touches after each change, in the folder of the installation."""


def configured(plan: Plan, variables: Mapping[str, str]) -> Path:
    """Writes the configuration and the password file (mode 600); gives the configuration."""
    folder = plan.home / "radicale"
    folder.mkdir(exist_ok=True)
    users, settings = folder / "users", folder / "radicale.ini"
    users.touch(mode=0o600)
    users.write_text(f"{ANN}:{variables[PASSWORD]}\n", "utf-8")
    lines = [
        *("[server]", f"hosts = {HOST}:{plan.ports.caldav}"),
        *("[auth]", "type = htpasswd", f"htpasswd_filename = {users}"),
        "htpasswd_encryption = plain",
        *("[storage]", f"filesystem_folder = {folder / 'collections'}"),
        f"hook = touch ../{CHANGED.name}",  # it runs in the folder above
        *("[logging]", "level = warning"),
    ]
    settings.write_text("\n".join([*lines, ""]), "utf-8")
    return settings


def collection_url(plan: Plan, variables: Mapping[str, str]) -> str:
    """Ann's calendar, with her name and password in the URL."""
    user, password = quote(ANN, safe=""), quote(variables[PASSWORD], safe="")
    host = plan.caldav_url.replace("http://", f"http://{user}:{password}@")
    return f"{host}/{quote(ANN)}/{COLLECTION}/"
