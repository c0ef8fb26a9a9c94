"""The running installation: started in order, looked after, stopped in order."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event

from rich.markup import escape

from shared.cli.archive import Archive, told
from shared.cli.context import RUNNING, now_of, write_variables
from shared.cli.control import Control
from shared.cli.demo import connected_accounts
from shared.cli.output import out
from shared.cli.up.banner import welcome
from shared.cli.up.caldav_changes import CaldavChanges
from shared.cli.up.database import OwnPostgres
from shared.cli.up.narrate import Narrator
from shared.cli.up.people import connect_everybody, have_been_here
from shared.cli.up.plan import Plan
from shared.cli.up.processes import Children, Stopped
from shared.cli.up.programs import waves
from shared.cli.up.radicale import CHANGED
from shared.cli.up.secrets import kept_secrets
from shared.cli.up.sign_in import let_sign_in
from shared.config import read_settings
from shared.db.migrate import migrate
from shared.states import Provider
from shared.steps.open_service import open_service
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Service

CATCH_UP_SECONDS = 10.0
"""What catching up may hold up the start; the workers do the rest."""


class Installation:
    """Everything that `calsync up` runs. `say` is told what happens, in rich markup."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._say = say
        self._postgres: OwnPostgres | None = None
        self._children: Children | None = None
        self._service: Service | None = None
        self._narrator: Narrator | None = None
        self._caldav_changes: CaldavChanges | None = None
        self._archive: Archive | None = None

    def start(self, stopping: Event) -> None:
        """Starts everything. Raises a `CalSyncError` saying what could not be, and `Stopped`."""
        plan = self._plan
        self._children = Children(plan.home)
        plan.require_ports(lambda: _go_on(stopping))
        secrets = kept_secrets(plan.home)
        url = self._start_postgres()
        variables = plan.variables(secrets, url)
        self._service = open_service(read_settings(variables))
        self._migrate(variables, stopping)
        write_variables(plan.home / RUNNING, plan.settings(secrets, url))
        for wave in waves(plan, variables):
            for name in self._children.run(wave, stopping):
                self._say(f"[green]✓[/] {name}")
        self._narrator = Narrator(self._service)
        self._connect(self._service, variables, stopping)
        if plan.serves_caldav:
            self._caldav_changes = CaldavChanges(self._service, plan.home / CHANGED)
        people = connected_accounts(self._service, Provider.GOOGLE)
        demo = let_sign_in(variables, people) if plan.serves_rest else None
        welcome(plan, variables, people, demo, now_of(self._service))

    def look(self) -> None:
        """One look: revives what died, tells what happened."""
        if self._postgres:
            self._postgres.revive(self._say)
        if self._children:
            self._children.revive(self._say)
        if self._caldav_changes:
            self._caldav_changes.look()
        if self._narrator:
            for line in self._narrator.news():
                self._say(line)
        if self._archive and self._archive.is_read() and (fate := self._archive.fate()):
            out.print(told(fate))
            self._archive = None

    def stop(self) -> None:
        """Stops everything: functions, scheduler, emulators, Postgres. Never raises half-way."""
        (self._plan.home / RUNNING).unlink(missing_ok=True)
        if self._children:
            self._children.stop()
        if self._service:
            self._service.database.close()
        if self._postgres:
            self._postgres.stop()

    def _start_postgres(self) -> str | None:
        """The URL of our Postgres; None where the user brings one."""
        if not self._plan.embeds_postgres:
            return None
        self._postgres = OwnPostgres(self._plan.postgres_folder, self._plan.ports.postgres)
        url = self._postgres.start()
        self._say("[green]✓[/] postgres")
        return url

    def _migrate(self, variables: Mapping[str, str], stopping: Event) -> None:
        _go_on(stopping)
        if "DATABASE_URL" in variables:
            applied = migrate(variables["DATABASE_URL"])
            self._say(f"[green]✓[/] migrations{f' ({len(applied)} applied)' if applied else ''}")

    def _connect(self, service: Service, variables: Mapping[str, str], stopping: Event) -> None:
        """Connects the demo people; catches up with what happened while nothing ran."""
        known = have_been_here(self._plan, service)
        for provider, email in connect_everybody(self._plan, service, variables):
            self._say(f"[green]✓[/] {provider.value}: {escape(email)} connected")
            _go_on(stopping)
        if known:
            self._catch_up(service)
        if self._plan.ics and self._plan.emulates_google:
            self._archive = Archive(service, Control(self._plan.google_url))

    def _catch_up(self, service: Service) -> None:
        """Notifications that came while nothing ran are lost: every calendar is polled once."""
        budgeted = replace(service.settings, cron_budget_seconds=CATCH_UP_SECONDS)
        report = poll(replace(service, settings=budgeted), PollRequest(smart=False))
        found = report.created + report.updated + report.deleted
        self._say(f"[green]✓[/] caught up: {found} changes in {report.polled} calendars")


def _go_on(stopping: Event) -> None:
    """Raises `Stopped` when somebody asked to stop."""
    if stopping.is_set():
        raise Stopped
