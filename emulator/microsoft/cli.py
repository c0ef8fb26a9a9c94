"""Options of `python -m emulator microsoft`, and its run."""

import argparse
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from emulator.google.server import PortTaken, listen, make, serve_until_stopped

from . import tls
from .app import create_app
from .demo import seed_demo
from .lively import Lively
from .persistence import DataFile, UnreadableData
from .settings import Settings
from .tokens import Client
from .world import DEFAULT_CLIENT, World


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=54340, help="0 picks a free one")
    parser.add_argument("--data", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument("--seed", choices=["demo"], help="add a few people with calendars")
    parser.add_argument(
        "--lively", type=float, metavar="SECONDS", help="people edit something that often"
    )
    parser.add_argument("--lively-seed", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--client-id", default=DEFAULT_CLIENT.client_id)
    parser.add_argument("--client-secret", default=DEFAULT_CLIENT.client_secret)
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="default: any loopback or https URI"
    )
    parser.add_argument(
        "--public-authority",
        metavar="URL",
        help="https address that the discovery document names, e.g. https://login.local",
    )
    parser.add_argument(
        "--browser-url", metavar="URL", help="address of the consent page, if another one"
    )
    parser.add_argument(
        "--tls-port", type=int, metavar="PORT", help="serve with TLS on loopback too; 0 picks one"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; 1 with a named error if it cannot start."""
    try:
        with listen(args.host, args.port) as listener, _world(args) as world:
            _serve(args, world, listener)
    except (PortTaken, UnreadableData) as error:
        sys.stderr.write(f"emulator microsoft: {type(error).__name__}: {error}\n")
        return 1
    return 0


def _serve(args: argparse.Namespace, world: World, listener: socket.socket) -> None:
    with ExitStack() as running:
        app = create_app(world)
        server = make(app, args.host, listener)
        running.callback(server.server_close)
        if args.seed == "demo":
            seed_demo(world)
        if args.tls_port is not None:
            world.tls = running.enter_context(tls.serving(app, args.tls_port))
        if args.lively is not None:
            people = Lively(world, args.lively, args.lively_seed)
            people.start()
            running.callback(people.stop)
        serve_until_stopped(server, args.host)


@contextmanager
def _world(args: argparse.Namespace) -> Iterator[World]:
    """A world, loaded from the data file if there is one, and saved into it at the end."""
    client = Client(args.client_id, args.client_secret, tuple(args.redirect_uri))
    with ExitStack() as cleanup:
        base = Settings(public_authority=args.public_authority, browser_url=args.browser_url)
        world = World(base, (client,))
        if args.data is not None:
            data = DataFile(world, args.data)
            data.load()
            data.start()
            cleanup.callback(data.close)
        cleanup.callback(world.sender.stop)
        cleanup.callback(world.outbox.clear)
        yield world
