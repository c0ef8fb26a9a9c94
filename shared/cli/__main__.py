"""Lets `python -m shared.cli` do what `calsync` does."""

from shared.cli.app import main

main()
