"""pgbench, which comes with Postgres, making the SQL call behind a webhook."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.push_calendars import Listening

MOST_SCRIPTS = 128
CALL = """\\set number random(1000000000, 9000000000000)
select to_jsonb(r) from (select * from public.record_notification(
  p_calendar_id => '{calendar}', p_channel_id => '{channel}', p_resource_id => 'resource',
  p_resource_state => 'exists', p_message_number => :number, p_expires_at => null)) as r;
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`latency_ms` is the mean."""

    per_second: float
    transactions: int
    latency_ms: float


def run_pgbench(
    program: Path, url: str, calendars: list[Listening], connections: int, seconds: float
) -> Outcome:
    """The same call for the same calendars over as many connections, unprepared as ours is."""
    with tempfile.TemporaryDirectory() as folder:
        scripts = _scripts(Path(folder), calendars[:MOST_SCRIPTS])
        command = [str(program), "--no-vacuum", "--protocol=extended", "--jobs=2"]
        command += [f"--client={connections}", f"--time={max(1, round(seconds))}"]
        command += [word for script in scripts for word in ("--file", str(script))]
        done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    return Outcome(
        per_second=_number(r"tps = ([\d.]+)", done.stdout),
        transactions=round(_number(r"actually processed: (\d+)", done.stdout)),
        latency_ms=_number(r"latency average = ([\d.]+)", done.stdout),
    )


def _scripts(folder: Path, calendars: list[Listening]) -> list[Path]:
    scripts = []
    for number, listening in enumerate(calendars):
        script = folder / f"{number}.sql"
        script.write_text(CALL.format(calendar=listening.calendar_id, channel=listening.channel_id))
        scripts.append(script)
    return scripts


def _number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    if found is None:
        raise RuntimeError(f"pgbench said something else:\n{output}")
    return float(found[1])
