"""Who may do what, as intended: a table, view or function that is in none of these fails a test."""

ANN = "00000000-0000-4000-8000-00000000000a"
BEN = "00000000-0000-4000-8000-00000000000b"

#: Work for workers, of all people at once.
FOR_WORKERS = {
    "calendars_to_verify",
    "due_summary",
    "mirrored_etags",
    "mirrored_events",
    "series_to_expand",
}
#: A person reads their own rows of these.
FOR_PEOPLE = {
    "api_call_ledger",
    "api_call_savings",
    "appointment_links",
    "appointment_status",
    "appointments",
    "audit_log",
    "block_latency",
    "busy_block_pairs",
    "busy_block_rules",
    "busy_block_status",
    "busy_blocks",
    "calendar_accounts",
    "calendar_alerts",
    "calendar_events",
    "calendar_explanations",
    "calendar_facts",
    "calendar_monitoring_results",
    "calendar_sync_logs",
    "calendar_sync_states",
    "calendar_webhook_logs",
    "calendar_webhooks",
    "calendars",
    "change_latency",
    "dead_letters",
    "detection_rates",
    "event_occurrences",
    "hybrid_status",
    "meetings",
    "polling_efficiency",
    "provider_writes",
    "refused_events",
    "subscription_leaks",
    "sync_conflicts",
    "sync_performance",
    "webhook_notifications",
    "webhook_retry_queue",
    "webhook_subscriptions",
}
#: And writes their own rows of these.
WRITTEN_BY_PEOPLE = {"appointments"}
#: Functions for people; all others are for the service role alone.
CALLED_BY_PEOPLE = {"calsync_limits", "calsync_now", "is_zone"}
