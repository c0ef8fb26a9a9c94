"""The commands, put together."""

import typer

from shared.cli.group import Commands

app = typer.Typer(
    name="calsync",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def calsync() -> None:
    """Keeps calendars mirrored in your own Postgres."""


def main() -> None:
    """The program `calsync`."""
    app()
