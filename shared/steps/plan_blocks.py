"""Plan busy blocks where no sync does: rules changed, calendars came or went, time passed."""

from shared.steps.service import Service


def plan_due_blocks(service: Service, limit: int) -> int:
    """Plans up to `limit` calendars whose busy blocks are due; gives how many it planned.

    Calendars in which something waits to be created, but which were not read since the database
    was restarted or restored, are read first: they become due.
    """
    service.database.call("make_rereads_due")
    (done,) = service.database.call("plan_due_busy_blocks", limit=limit)
    planned: int = done["planned"]
    return planned
