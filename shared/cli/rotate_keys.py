"""`calsync rotate-keys`: seal all credentials anew with the newest key."""

from typing import Annotated

import typer

from shared.cli.context import opened, quiet_logs
from shared.cli.output import Json, progress, show
from shared.steps.rotate_keys import BATCH, Rotation
from shared.steps.rotate_keys import rotate_keys as rotate

Batch = Annotated[int, typer.Option(min=1, help="Accounts read at a time.")]


def rotate_keys(batch: Batch = BATCH, as_json: Json = False) -> None:
    """Seal all credentials anew with the newest key; syncs go on meanwhile.

    First put a new key before the old ones in TOKEN_ENCRYPTION_KEYS and restart everything; then
    run this; then the old keys can be removed.
    """
    quiet_logs()
    with opened() as service:
        (counted,) = service.database.call("count_credentials")
        with progress(hidden=as_json) as bar:
            task = bar.add_task("Sealing anew", total=counted["accounts"])
            done = rotate(service, batch, lambda so_far: bar.update(task, completed=so_far))
    show(done, as_json, lambda: _told(done))
    if done.unopened:
        raise typer.Exit(1)


def _told(done: Rotation) -> str:
    head = f"{done.accounts} accounts: {done.resealed} sealed anew with the newest key."
    if not done.unopened:
        return f"{head} Older keys are not needed any more."
    names = ", ".join(str(each) for each in done.unopened)
    return (
        f"{head}\n[red]No key of TOKEN_ENCRYPTION_KEYS opens the credentials of {names}.[/] "
        "Add the key they were sealed with, or have their people connect again."
    )
