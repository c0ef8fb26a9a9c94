"""Options of `python -m emulator google`, and its run."""

import argparse
import sys

from .app import create_app
from .server import PortTaken, listen, make, serve_until_stopped
from .tokens import Client
from .world import DEFAULT_CLIENT, World


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=54330, help="0 picks a free one")
    parser.add_argument("--client-id", default=DEFAULT_CLIENT.client_id)
    parser.add_argument("--client-secret", default=DEFAULT_CLIENT.client_secret)
    parser.add_argument("--redirect-uri", action="append", default=[])


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; 1 if it cannot start."""
    try:
        listener = listen(args.host, args.port)
    except PortTaken as error:
        sys.stderr.write(f"emulator google: PortTaken: {error}\n")
        return 1
    client = Client(args.client_id, args.client_secret, tuple(args.redirect_uri))
    world = World(clients=(client,))
    server = make(create_app(world), args.host, listener)
    serve_until_stopped(server, args.host)
    world.sender.stop()
    return 0
