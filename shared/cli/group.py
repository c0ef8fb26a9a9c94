"""The commands, each imported when it is asked for, and how every one of them fails."""

from functools import cache
from importlib import import_module
from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from shared.cli.output import err
from shared.errors import CalSyncError, ConfigurationError

_HERE = "shared.cli"
_RUNNING = ("up", "serve", "worker", "scheduler")
_WORKING = ("migrate", "sync", "poll", "renew", "rotate-keys")
_LOOKING = ("status", "explain", "verify", "doctor", "appointments")
_GROUPS = ("connect", "accounts", "blocks", "dead-letters", "conflicts")
_NAMES = (*_RUNNING, *_WORKING, *_LOOKING, *_GROUPS, "emulate")
_ELSEWHERE = {"up": "up.command", "doctor": "doctor.command"}
# What follows the name of a stand-in is for the stand-in, --help included.
_SETTINGS = {"emulate": {"allow_extra_args": True, "allow_interspersed_args": False}}


class Commands(TyperGroup):
    """The commands. Exit status 1 for what went wrong, 2 for what is not configured.

    A worker needs no doctor: importing all commands takes longer than many of them run.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # Their names alone: what is near to a misspelt one is looked for among these.
        self.commands = dict.fromkeys(_NAMES)  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the help."""
        return list(_NAMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command; None if there is no such."""
        return _command(cmd_name) if cmd_name in _NAMES else None

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CalSyncError as error:
            err.print(f"[bold red]{escape(one_line(error))}[/]", soft_wrap=True, highlight=False)
            raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from error


@cache
def _command(name: str) -> Any:
    """The object of its name in the module of its name: a function, or a group of commands."""
    called = name.replace("-", "_")
    found = getattr(import_module(f"{_HERE}.{_ELSEWHERE.get(name, called)}"), called)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name, context_settings=_SETTINGS.get(name))(found)
    return typer.main.get_command(alone)


def one_line(error: CalSyncError) -> str:
    """The message without line breaks: some come from libraries that like to write paragraphs."""
    return " ".join(str(error).split())
