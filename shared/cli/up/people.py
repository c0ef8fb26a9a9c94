"""The demo people of everything that is emulated, connected where they are not yet."""

from collections.abc import Iterator, Mapping
from contextlib import closing

from shared.cli.control import Control
from shared.cli.demo import (
    connect_caldav_person,
    connect_google_people,
    connect_microsoft_people,
    connected_accounts,
)
from shared.cli.up.plan import Plan
from shared.cli.up.radicale import ANN, PASSWORD
from shared.states import Provider
from shared.steps.service import Service


def connect_everybody(
    plan: Plan, service: Service, variables: Mapping[str, str]
) -> Iterator[tuple[Provider, str]]:
    """Yields each account that is connected now: its provider and its e-mail."""
    if plan.emulates_google:
        with closing(Control(plan.google_url)) as control:
            for email in connect_google_people(service, control):
                yield Provider.GOOGLE, email
    if plan.emulates_microsoft:
        with closing(Control(plan.microsoft_url, "Microsoft")) as control:
            for email in connect_microsoft_people(service, control):
                yield Provider.MICROSOFT, email
    if plan.serves_caldav:
        password = variables[PASSWORD]
        for email in connect_caldav_person(service, plan.caldav_url, ANN, password):
            yield Provider.CALDAV, email


def have_been_here(plan: Plan, service: Service) -> bool:
    """Whether people of what is emulated are connected already."""
    emulated = {
        Provider.GOOGLE: plan.emulates_google,
        Provider.MICROSOFT: plan.emulates_microsoft,
        Provider.CALDAV: plan.serves_caldav,
    }
    return any(emulated[each] and connected_accounts(service, each) for each in emulated)
