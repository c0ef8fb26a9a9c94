"""What `calsync up` prints once everything runs: where things are, the keys, what to try."""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from rich.markup import escape
from rich.panel import Panel

from shared.cli.output import out
from shared.cli.up.own_edits import own_edits
from shared.cli.up.plan import HOST, Plan
from shared.cli.up.sign_in import SignIn, token_command


def welcome(
    plan: Plan,
    variables: Mapping[str, str],
    people: Mapping[str, str],
    demo: SignIn | None,
    now: datetime,
) -> None:
    """Prints it.

    `people` are those with a Google account: e-mail → the person's id; `demo` can sign in.
    """
    overview = _overview(plan, variables, demo)
    out.print(Panel.fit(overview, title="CalSync is up", border_style="green"))
    commands = _commands(plan, variables, people)
    lines = own_edits(plan, variables, people, now)
    signing_in = _signing_in(variables, demo) if demo else []
    for about, line in (*_keys(variables), *signing_in, *commands, *lines, _looking()):
        out.print(f"\n[dim]# {about}[/]", highlight=False)
        # To be pasted: neither wrapped nor coloured.
        out.print(line, soft_wrap=True, highlight=False, markup=False)
    out.print("\n[dim]What happens from now on (Ctrl-C stops everything, data stays):[/]")


def _overview(plan: Plan, variables: Mapping[str, str], demo: SignIn | None) -> str:
    rows = [
        ("Open", f"http://{HOST}:{plan.ports.functions}/"),
        *([("and sign in as", f"{demo.email}, {demo.password}")] if demo else []),
        ("Functions", f"http://{HOST}:{plan.ports.functions}/functions/v1/…"),
        ("API", f"http://{HOST}:{plan.ports.functions}/api/v1/docs"),
        ("REST, sign-in", f"{variables['SUPABASE_URL']}/rest/v1/…, /auth/v1/…"),
        ("Google", _provider(plan.google_url if plan.emulates_google else None)),
        ("Microsoft", _provider(plan.microsoft_url if plan.emulates_microsoft else None)),
        ("CalDAV", f"{plan.caldav_url}  (Radicale)" if plan.serves_caldav else "real servers"),
        ("Database", variables.get("DATABASE_URL", "behind SUPABASE_URL")),
        ("Data, keys, logs", str(plan.home)),
    ]
    return "\n".join(f"[bold]{name:<17}[/]{escape(value)}" for name, value in rows)


def _provider(emulator: str | None) -> str:
    return f"{emulator}  (emulated, people edit their calendars)" if emulator else "the real one"


def _keys(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    names = ("CRON_SECRET", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ANON_KEY")
    keys = [f"{name}={variables[name]}" for name in names if name in variables]
    return [("keys", "\n".join(keys))]


def _signing_in(variables: Mapping[str, str], demo: SignIn) -> list[tuple[str, str]]:
    about = f"sign in as {demo.email} with the password {demo.password}: a token for the API"
    return [(about, token_command(variables, demo))]


def _commands(
    plan: Plan, variables: Mapping[str, str], people: Mapping[str, str]
) -> list[tuple[str, str]]:
    user = next(iter(people.values()), "USER_ID")
    key = f'-H "Authorization: Bearer {variables.get("SUPABASE_SERVICE_ROLE_KEY", "KEY")}"'
    rest = f"{variables['SUPABASE_URL']}/rest/v1"
    functions = f"http://{HOST}:{plan.ports.functions}/functions/v1"
    logs = "calendar_sync_logs?select=*&order=created_at.desc&limit=10"
    commands = [
        ("webhook status", f'curl "{rest}/calendar_webhooks?select=*" {key}'),
        (
            "poll one person now (skipped while push is healthy)",
            f'curl -X POST "{functions}/calendar-polling-service" {key} '
            f'-H "Content-Type: application/json" -d \'{{"userId": "{user}"}}\'',
        ),
        ("the last syncs", f'curl "{rest}/{logs}" {key}'),
    ]
    if "DATABASE_URL" in variables:
        query = "select summary, start_at, updated_at from calendar_events order by updated_at desc"
        line = f'psql "{variables["DATABASE_URL"]}" -c "{query} limit 10"'
        commands.append(("the mirror itself", line))
    return commands


def _looking() -> tuple[str, str]:
    return "what holds for each calendar, and does the mirror agree?", _calsync()


def _calsync() -> str:
    """As the program was called itself: it may not be on the PATH."""
    called = Path(sys.argv[0])
    program = os.path.relpath(called) if called.name == "calsync" else "python -m shared.cli"
    return f"{program} status; {program} verify --all"
