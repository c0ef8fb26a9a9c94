"""`calsync worker`: one more process that syncs."""

from shared.cli.context import opened
from shared.cli.stopping import stop_on_signals
from shared.log import set_up_logs
from shared.worker import run_worker


def worker() -> None:
    """Sync what is due, SYNC_WORKERS at a time, until SIGTERM or Ctrl-C."""
    set_up_logs()
    with opened() as service, stop_on_signals() as stopping:
        run_worker(service, stopping)
