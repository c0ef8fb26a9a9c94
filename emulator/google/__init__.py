"""Google Calendar v3 and Google OAuth, emulated over HTTP with faults on demand."""

from .cli import add_arguments, run

__all__ = ["add_arguments", "run"]
