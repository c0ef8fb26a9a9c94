"""What a lying server says."""

import re

from tests.providers.caldav.examples import titled
from tests.support.caldav_servers import Radicale
from tests.support.lying_proxy import Lie, Said, name_of

XML = {"Content-Type": "text/xml; charset=utf-8"}


TOKEN = re.compile(r"<([\w:]*)sync-token>[^<]*</")


def put(radicale: Radicale, calendar: str, *names: str) -> None:
    for name in names:
        radicale.put(calendar, f"{name}.ics", titled(name, name))


def on(kind: str, say: Lie) -> Lie:
    """Lies in answer to one kind of request only: a report, or a verb."""
    return lambda asked, real: say(asked, real) if name_of(asked) == kind else real()


def always(said: Said) -> Lie:
    return lambda asked, real: said


def dav_error(status: int, condition: str) -> Said:
    return Said(status, f'<error xmlns="DAV:"><{condition}/></error>', XML)
