"""Microsoft identity platform v2.0 and Graph calendars v1.0, emulated with faults on demand."""

from .cli import add_arguments, run

__all__ = ["add_arguments", "run"]
