"""The programs that `calsync up` runs, in the order in which they start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.cli.up.plan import HOST, PYTHON, Plan


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running. It is ready when `ready_url` answers (below 500)."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(repr=False)
    ready_url: str | None = None
    grace_seconds: float = 3.0


def google_emulator(plan: Plan, variables: Mapping[str, str]) -> Program:
    """People whose calendars live; their data is kept."""
    options = [
        *("--host", HOST, "--port", str(plan.ports.google), "--seed", "demo"),
        *("--data", str(plan.home / "google.json")),
        *("--client-id", variables["GOOGLE_CLIENT_ID"]),
        *("--client-secret", variables["GOOGLE_CLIENT_SECRET"]),
    ]
    if plan.lively_seconds > 0:
        options += ["--lively", str(plan.lively_seconds)]
    if plan.ics is not None:
        options += ["--ics", str(plan.ics)]
    return Program(
        "google",
        (PYTHON, "-m", "emulator", "google", *options),
        variables,
        f"{plan.google_url}/_control/settings",
    )


def rest_stand_in(plan: Plan, variables: Mapping[str, str]) -> Program:
    """What Supabase's REST interface would be."""
    where = ("--host", HOST, "--port", str(plan.ports.rest))
    url = f"http://{HOST}:{plan.ports.rest}/rest/v1/"
    return Program("rest", (PYTHON, "-m", "emulator", "rest", *where), variables, url)


def functions_server(plan: Plan, variables: Mapping[str, str]) -> Program:
    """The function URLs, with the sync workers."""
    url = f"http://{HOST}:{plan.ports.functions}/readyz"
    return Program(
        "functions", (PYTHON, "-m", "shared.cli", "serve"), variables, url, grace_seconds=7.0
    )


def scheduler(variables: Mapping[str, str]) -> Program:
    """The polling fallback and maintenance."""
    return Program("scheduler", (PYTHON, "-m", "shared.cli", "scheduler"), variables)


def programs(plan: Plan, variables: Mapping[str, str]) -> list[Program]:
    """All of them; the functions come after what they talk to."""
    chosen = []
    if plan.emulates_google:
        chosen.append(google_emulator(plan, variables))
    if plan.serves_rest:
        chosen.append(rest_stand_in(plan, variables))
    return [*chosen, functions_server(plan, variables), scheduler(variables)]


STOPPING_ORDER = ("functions", "scheduler", "rest", "google")
