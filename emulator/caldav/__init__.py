"""Somebody who keeps editing a calendar on a real CalDAV server."""

from .cli import add_arguments, run

__all__ = ["add_arguments", "run"]
