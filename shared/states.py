"""Every enumeration of the product; a test proves that SQL accepts exactly these values.

The comment behind a value names the edge that leads to it.
"""

from enum import StrEnum


class Provider(StrEnum):
    """Who serves an account."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"
    CALDAV = "caldav"


class AccountStatus(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "active"  # connect_account
    NEEDS_REAUTH = "needs_reauth"  # require_reauthorization: access lost, the person must reconnect
    DISCONNECTING = "disconnecting"  # disconnect_account: it is given back step by step
    DISCONNECTED = "disconnected"  # settle_disconnection


class SubscriptionStatus(StrEnum):
    """Life of a webhook subscription."""

    PENDING = "pending"  # claim_due_subscriptions, before the provider is asked
    ACTIVE = "active"  # activate_subscription, or its first notification, whichever comes first
    RETIRING = "retiring"  # replaced, refused or unknown: still to be stopped at the provider
    STOPPED = "stopped"  # settle_stopped_subscription
    EXPIRED = "expired"  # expire_subscriptions: its time ran out
    FAILED = "failed"  # fail_subscription: the provider refused it


class DueReason(StrEnum):
    """Why a calendar is due; it becomes the `trigger` of the sync log."""

    INITIAL = "initial"  # connect_account, a calendar found later
    WEBHOOK = "webhook"  # record_notification
    POLLING = "polling"  # the poll interval passed, or a cron asked
    MANUAL = "manual"  # a person asked: curl, CLI
    REPAIR = "repair"  # the cursor died, drift was found
    RESET = "reset"  # a person asked to start over


class SyncType(StrEnum):
    """How a sync read the provider."""

    WEBHOOK = "webhook"  # from the cursor, called by a notification
    INCREMENTAL = "incremental"  # from the cursor, called by anything else
    FULL = "full"  # without a cursor


class SyncStatus(StrEnum):
    """Outcome in calendar_sync_logs."""

    RUNNING = "running"  # claim_due_calendars
    SUCCESS = "success"  # apply_changes with the last page
    FAILED = "failed"  # settle_failed_sync
    ABANDONED = "abandoned"  # the next claim found the lease lapsed


class SyncMethod(StrEnum):
    """The one method that holds for a calendar; derived by hybrid_status, never stored."""

    DISABLED = "disabled"
    FULL = "full"
    WEBHOOK = "webhook"
    POLLING_AND_REPAIR = "polling_and_repair"
    POLLING = "polling"


class EventKind(StrEnum):
    """What a row of calendar_events stands for."""

    SINGLE = "single"
    SERIES = "series"  # the master of a recurring series
    EXCEPTION = "exception"  # one changed or cancelled instance of a series


class EventStatus(StrEnum):
    """RFC 5545 section 3.8.1.11."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class ShowAs(StrEnum):
    """How an event counts for free/busy."""

    BUSY = "busy"
    FREE = "free"
    TENTATIVE = "tentative"
    OUT_OF_OFFICE = "out_of_office"
    WORKING_ELSEWHERE = "working_elsewhere"


class Visibility(StrEnum):
    """Who may see the details."""

    DEFAULT = "default"
    PUBLIC = "public"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class Response(StrEnum):
    """The calendar owner's answer to an invitation."""

    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class WriteSubject(StrEnum):
    """What an event of ours is, in the outbox."""

    BUSY_BLOCK = "busy_block"
    APPOINTMENT = "appointment"


class WriteAction(StrEnum):
    """What the outbox is to do with an event of ours."""

    CREATE = "create"  # no event there yet
    UPDATE = "update"  # it is not as it should be
    DELETE = "delete"  # it is not wanted any more


class ConflictPolicy(StrEnum):
    """Who wins where an appointment and its event were both changed; set_conflict_policy."""

    NEWEST_WINS = "newest_wins"  # the later change, where clocks can tell
    PROVIDER_WINS = "provider_wins"
    LOCAL_WINS = "local_wins"
    MANUAL = "manual"  # a person decides


class ConflictKind(StrEnum):
    """What happened on both sides of an appointment; settle_merge."""

    BOTH_CHANGED = "both_changed"
    DELETED_HERE = "deleted_here"  # and changed there
    DELETED_THERE = "deleted_there"  # and changed here
    BECAME_SERIES = "became_series"  # it recurs there now, which an appointment cannot


class Decision(StrEnum):
    """What became of a conflict."""

    PENDING = "pending"  # settle_merge under the policy manual, or of a series
    MERGED = "merged"  # settle_merge: different fields; resolve_conflict: field by field
    LOCAL = "local"  # the policy, or resolve_conflict
    REMOTE = "remote"  # the policy, or resolve_conflict
    BOTH = "both"  # resolve_conflict: ours became an appointment of its own


class MergedEvent(StrEnum):
    """What a merge means for the event at the provider."""

    KEEP = "keep"  # it is right
    UPDATE = "update"  # it gets what was changed here
    DELETE = "delete"
    RECREATE = "recreate"  # it is gone there, and a new one takes its place
    FORGET = "forget"  # it is nobody's any more


class Failure(StrEnum):
    """What a failed provider call means for the calendar; the next action follows from it."""

    RETRY = "retry"  # transient: network, 5xx
    QUOTA = "quota"  # the provider asks for patience; never counted as a failure
    REAUTHORIZE = "reauthorize"  # access lost: the person must reconnect
    RESYNC = "resync"  # the cursor died
    GIVE_UP = "give_up"  # permanent: retrying cannot help


class Health(StrEnum):
    """How a calendar fares."""

    OK = "ok"
    WARNING = "warning"  # it is served, but not as it should be
    BROKEN = "broken"  # its mirror is not to be trusted


class Repair(StrEnum):
    """What auto-fix can do for a calendar."""

    SIGN_IN = "sign_in"  # try whether the provider lets the account in again
    RETRY = "retry"  # sync now, with a clean record
    RESYNC = "resync"  # read everything again
    RECREATE = "recreate"  # make the subscription again
    RENEW = "renew"  # replace it before it ends
    RE_ENABLE = "re_enable"  # bring push back that was given up
    STOP_LEAKED = "stop_leaked"  # stop channels that should be gone
