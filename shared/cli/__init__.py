"""The command line `calsync`: one file per command, each a thin layer over the steps."""

from shared.cli.app import app, main

__all__ = ["app", "main"]
