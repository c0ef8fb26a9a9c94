"""How every command fails: one line that says what is wrong and what to do, never a traceback."""

from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from shared.cli.output import err
from shared.errors import CalSyncError, ConfigurationError


class Commands(TyperGroup):
    """The commands. Exit status 1 for what went wrong, 2 for what is not configured."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CalSyncError as error:
            err.print(f"[bold red]{escape(one_line(error))}[/]", soft_wrap=True, highlight=False)
            raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from error


def one_line(error: CalSyncError) -> str:
    """The message without line breaks: some come from libraries that like to write paragraphs."""
    return " ".join(str(error).split())
