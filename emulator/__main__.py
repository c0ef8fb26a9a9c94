"""Start one of the stand-ins: `python -m emulator NAME [options]`; `--help` lists them."""

import argparse
import importlib
import sys
from typing import Protocol, cast

STAND_INS = {
    "google": "Google Calendar v3 and Google OAuth",
    "microsoft": "the Microsoft identity platform and Microsoft Graph calendars",
    "rest": "what Supabase puts before Postgres: the REST interface, and signing in",
    "caldav-people": "somebody who keeps editing a calendar on a CalDAV server that runs",
}


class StandIn(Protocol):
    """What each subpackage of `emulator` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options of this stand-in."""

    def run(self, args: argparse.Namespace) -> int:
        """Serve until stopped; return the exit status."""


def load(name: str) -> StandIn:
    """Import the stand-in called `name`; the others stay unloaded.

    The package is named by what stands before a dash.
    """
    return cast("StandIn", importlib.import_module(f"emulator.{name.partition('-')[0]}"))


def main(argv: list[str] | None = None) -> int:
    """Parse `argv` (default: the command line) and run the chosen stand-in."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    subparsers = parser.add_subparsers(dest="stand_in", required=True)
    wanted = next((word for word in arguments if word in STAND_INS), None)
    for name, about in STAND_INS.items():
        subparser = subparsers.add_parser(name, help=about, description=f"Stands in for {about}.")
        if name == wanted:
            load(name).add_arguments(subparser)
    args = parser.parse_args(arguments)
    return load(args.stand_in).run(args)


if __name__ == "__main__":
    sys.exit(main())
