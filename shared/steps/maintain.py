"""Maintain: what has to happen now and then, whoever triggers it."""

from dataclasses import dataclass
from datetime import datetime

from shared.decide.plan_window import plan_window
from shared.steps.disconnect_account import disconnect_due
from shared.steps.discover_calendars import discover_due
from shared.steps.expand_series import expand_series
from shared.steps.merge_appointments import merge_appointments
from shared.steps.plan_blocks import plan_due_blocks
from shared.steps.safety_net import verify_oldest
from shared.steps.service import Service
from shared.steps.stop_subscriptions import stop_due
from shared.steps.subscribe import subscribe_due


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a round of upkeep did."""

    accounts_discovered: int
    subscriptions_made: int
    subscriptions_failed: int
    subscriptions_stopped: int
    subscriptions_expired: int
    accounts_disconnected: int
    blocks_planned: int
    appointments_merged: int

    @property
    def busy(self) -> bool:
        """Whether another round may find more to do."""
        return any(
            (
                self.accounts_discovered,
                self.subscriptions_made,
                self.subscriptions_stopped,
                self.blocks_planned,
                self.appointments_merged,
            )
        )


def keep_up(service: Service, limit: int = 20) -> Upkeep:
    """One round: discovery, expiry, subscriptions, stops, disconnections, blocks, merges.

    Cheap when nothing is.
    """
    (expired,) = service.database.call("expire_subscriptions")
    discovered = discover_due(service, limit)
    made, failed = subscribe_due(service, limit)
    return Upkeep(
        accounts_discovered=len(discovered),
        subscriptions_made=made,
        subscriptions_failed=failed,
        subscriptions_stopped=stop_due(service, limit),
        subscriptions_expired=expired["expired"],
        accounts_disconnected=disconnect_due(service, limit),
        blocks_planned=plan_due_blocks(service, limit),
        appointments_merged=merge_appointments(service),
    )


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What a round of maintenance did."""

    partitions_created: int
    partitions_dropped: int
    windows_moved: int
    series_expanded: int
    polls_due: int
    verified: int
    drifted: int


def maintain(service: Service, limit: int = 500) -> Maintenance:
    """The half-hourly round: limits, partitions, retention, windows, the daily safety net."""
    settings, database = service.settings, service.database
    database.call(
        "set_limits",
        stale_after_seconds=settings.stale_after.total_seconds(),
        suspend_after=settings.webhook_suspend_after,
        give_up_after=settings.webhook_give_up_after,
        missed_change_grace_seconds=settings.missed_change_grace_seconds,
        busy_block_days=settings.busy_block_days,
    )
    (created,) = database.call("create_partitions")
    (dropped,) = database.call(
        "drop_expired_partitions",
        notification_days=settings.notification_retention_days,
        log_days=settings.log_retention_days,
    )
    moved, expanded = slide_windows(service, limit)
    (net,) = database.call("make_safety_net_due", limit=limit)
    checked = verify_oldest(service, settings.verify_batch)
    return Maintenance(
        partitions_created=created["created"],
        partitions_dropped=dropped["dropped"],
        windows_moved=moved,
        series_expanded=expanded,
        polls_due=net["due"],
        verified=len(checked),
        drifted=sum(found.drift.count > 0 for found in checked),
    )


def slide_windows(service: Service, limit: int) -> tuple[int, int]:
    """Moves the windows of up to `limit` calendars forward; gives (windows moved, series expanded).

    No provider is asked: what is needed stands in the mirror.
    """
    settings = service.settings
    (summary,) = service.database.read("due_summary")
    window = plan_window(
        datetime.fromisoformat(summary["now"]),
        settings.window_past_days,
        settings.window_future_days,
    )
    (moved,) = service.database.call(
        "slide_windows", start=window.start, end=window.end, limit=limit
    )
    expanded = 0
    while batch := expand_series(service):
        expanded += batch
    return moved["calendars"], expanded
