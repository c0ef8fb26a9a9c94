-- One row per sync. Partitions live in calsync_private; kept 90 days.
create table public.calendar_sync_logs (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  lease_token bigint not null,
  sync_type text not null check (sync_type in ('webhook', 'incremental', 'full')),
  trigger text not null check (trigger in ('initial', 'webhook', 'polling', 'manual', 'repair', 'reset')),
  status text not null check (status in ('running', 'success', 'failed', 'abandoned')),
  events_processed integer not null default 0,
  events_created integer not null default 0,
  events_updated integer not null default 0,
  events_deleted integer not null default 0,
  events_refused integer not null default 0,
  meetings_created integer not null default 0,
  meetings_updated integer not null default 0,
  busy_blocks_created integer not null default 0,
  busy_blocks_updated integer not null default 0,
  busy_blocks_deleted integer not null default 0,
  api_calls integer not null default 0,
  -- The latency ledger: the oldest change this sync served, and the notification that told of it.
  changed_at timestamptz,
  notified_at timestamptz,
  error_code text,
  error_message text,
  started_at timestamptz not null,
  finished_at timestamptz,
  created_at timestamptz not null,
  primary key (user_id, created_at, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((status = 'running') = (finished_at is null)),
  check (status <> 'failed' or error_code is not null)
) partition by range (created_at);
comment on table public.calendar_sync_logs is 'One row per sync: what called it, what it found, what it cost; partitioned by week';
create index calendar_sync_logs_by_calendar on public.calendar_sync_logs (user_id, calendar_id, created_at desc);
create index calendar_sync_logs_recent on public.calendar_sync_logs (created_at desc);
create table calsync_private.calendar_sync_logs_default partition of public.calendar_sync_logs default;
alter table calsync_private.calendar_sync_logs_default enable row level security;

-- What each calendar cost a day.
create table public.api_call_ledger (
  user_id uuid not null,
  calendar_id uuid not null,
  day date not null,
  api_calls integer not null default 0,
  syncs integer not null default 0,
  polls integer not null default 0,
  polls_skipped integer not null default 0,
  primary key (user_id, calendar_id, day),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table public.api_call_ledger is 'API calls, syncs, polls and skipped polls by calendar and day (UTC)';

-- One open alert per episode and subject; success resolves it.
create table public.calendar_alerts (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  account_id uuid not null,
  calendar_id uuid,
  kind text not null check (kind in ('access_lost', 'sync_failing', 'push_given_up', 'drift', 'emptied', 'writes_failing')),
  severity text not null check (severity in ('critical', 'high', 'medium', 'low')),
  message text not null,
  opened_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text,
  primary key (user_id, id),
  foreign key (user_id, account_id) references public.calendar_accounts (user_id, id) on delete cascade,
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((resolved_at is null) = (resolved_by is null))
);
comment on table public.calendar_alerts is 'Alerts: one open row per episode, kind and subject';
create unique index calendar_alerts_one_open on public.calendar_alerts
  (user_id, kind, account_id, coalesce(calendar_id, '00000000-0000-0000-0000-000000000000'))
  where resolved_at is null;
create index calendar_alerts_by_account on public.calendar_alerts (user_id, account_id);
create index calendar_alerts_by_calendar on public.calendar_alerts (user_id, calendar_id);

-- What monitoring runs found.
create table public.calendar_monitoring_results (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  check_name text not null check (check_name in ('verify')),
  passed boolean not null,
  details jsonb not null,
  created_at timestamptz not null,
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table public.calendar_monitoring_results is 'Results of verify and other checks';
create index calendar_monitoring_results_by_calendar on public.calendar_monitoring_results
  (user_id, calendar_id, created_at desc);
