"""The programs that `calsync up` runs, in the order in which they start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.cli.up.plan import HOST, PYTHON, Plan
from shared.cli.up.radicale import collection_url, configured


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running. It is ready when `ready_url` answers, with less than `refused`."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(repr=False)
    ready_url: str | None = field(default=None, repr=False)
    refused: int = 500
    grace_seconds: float = 3.0


def google_emulator(plan: Plan, variables: Mapping[str, str]) -> Program:
    """People whose calendars live; their data is kept."""
    options = [
        *("--host", HOST, "--port", str(plan.ports.google), "--seed", "demo"),
        *("--data", str(plan.home / "google.json")),
        *("--client-id", variables["GOOGLE_CLIENT_ID"]),
        *("--client-secret", variables["GOOGLE_CLIENT_SECRET"]),
    ]
    options += lively(plan)
    if plan.ics is not None:
        options += ["--ics", str(plan.ics)]
    return Program(
        "google",
        (PYTHON, "-m", "emulator", "google", *options),
        variables,
        f"{plan.google_url}/_control/settings",
    )


def microsoft_emulator(plan: Plan, variables: Mapping[str, str]) -> Program:
    """The same in Outlook."""
    options = [
        *("--host", HOST, "--port", str(plan.ports.microsoft), "--seed", "demo"),
        *("--data", str(plan.home / "microsoft.json")),
        *("--client-id", variables["MICROSOFT_CLIENT_ID"]),
        *("--client-secret", variables["MICROSOFT_CLIENT_SECRET"]),
        *lively(plan),
    ]
    return Program(
        "microsoft",
        (PYTHON, "-m", "emulator", "microsoft", *options),
        variables,
        f"{plan.microsoft_url}/_control/settings",
    )


def caldav_server(plan: Plan, variables: Mapping[str, str]) -> Program:
    """A real Radicale."""
    settings = configured(plan, variables)
    command = (PYTHON, "-m", "radicale", "--config", str(settings))
    return Program("radicale", command, variables, f"{plan.caldav_url}/")


def caldav_people(plan: Plan, variables: Mapping[str, str]) -> Program:
    """Somebody whose calendar there lives; ready when the calendar is."""
    command = (PYTHON, "-m", "emulator", "caldav-people", "--url", plan.caldav_url, *lively(plan))
    url = collection_url(plan, variables)
    return Program("caldav-people", command, variables, url, refused=400)


def lively(plan: Plan) -> Sequence[str]:
    """How often the demo people edit something, if at all."""
    return ("--lively", str(plan.lively_seconds)) if plan.lively_seconds > 0 else ()


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


def waves(plan: Plan, variables: Mapping[str, str]) -> tuple[Sequence[Program], ...]:
    """All of them. Those of a wave start side by side, when what they talk to is ready."""
    first: list[Program] = []
    then = [functions_server(plan, variables), scheduler(variables)]
    if plan.emulates_google:
        first.append(google_emulator(plan, variables))
    if plan.emulates_microsoft:
        first.append(microsoft_emulator(plan, variables))
    if plan.serves_caldav:
        first.append(caldav_server(plan, variables))
        then.insert(0, caldav_people(plan, variables))
    if plan.serves_rest:
        first.append(rest_stand_in(plan, variables))
    return first, then


STOPPING_ORDER = (
    "functions",
    "scheduler",
    "rest",
    "google",
    "microsoft",
    "caldav-people",
    "radicale",
)
