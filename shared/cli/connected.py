"""What `calsync connect` says at its end."""

from uuid import UUID

from rich.markup import escape

from shared.cli.output import show
from shared.steps.service import Service


def show_connected(service: Service, account_id: UUID, *, as_json: bool) -> None:
    """Shows the account and the calendars that were found."""
    calendars = service.database.read(
        "calendars", where={"account_id": account_id}, order=("name",)
    )
    names = [row["name"] for row in calendars]
    show(
        {"account_id": str(account_id), "calendars": names},
        as_json,
        lambda: f"Connected. Calendars: {escape(', '.join(names))}",
    )
