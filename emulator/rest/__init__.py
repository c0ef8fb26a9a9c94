"""A stand-in for PostgREST, the REST interface that Supabase puts before Postgres."""

from emulator.rest.server import add_arguments, run

__all__ = ["add_arguments", "run"]
