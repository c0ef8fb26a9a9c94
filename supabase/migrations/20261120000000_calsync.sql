-- Made from sql/ by `make migration`; change the files there, not this one.

-- sql/tables/0_schema.sql
-- Where rows live that no REST role may reach: sealed credentials, scratch tables, partitions.
create schema calsync_private;
revoke all on schema calsync_private from public;
comment on schema calsync_private is 'CalSync: credentials, scratch tables and partitions; never exposed over REST';

-- The one clock: the setting `calsync.now` where it is set, so that a day can be simulated in seconds.
create function public.calsync_now() returns timestamptz language sql stable parallel safe
set search_path = '' as $$
  select coalesce(nullif(current_setting('calsync.now', true), '')::timestamptz, now())
$$;
comment on function public.calsync_now() is 'The clock of every table, function and view';

-- The limits that SQL decides by: one row, kept in step with the environment by set_limits.
create table calsync_private.limits (
  only_row boolean primary key default true check (only_row),
  -- After this silence of push a calendar is polled.
  stale_after interval not null default '6 hours' check (stale_after > '0'),
  -- Failures of push in a row: from here it is not relied on, from there it is given up.
  suspend_after integer not null default 5 check (suspend_after > 0),
  give_up_after integer not null default 10,
  -- A change younger than this may still be announced.
  missed_change_grace interval not null default '2 minutes' check (missed_change_grace >= '0'),
  -- How far ahead busy blocks are written.
  block_horizon interval not null default '90 days' check (block_horizon > '0'),
  check (give_up_after >= suspend_after)
);
comment on table calsync_private.limits is 'The limits of the hybrid decision; one row';
insert into calsync_private.limits default values;

-- The limits, readable behind views too; definer, since readers may not enter the private schema.
create function public.calsync_limits() returns calsync_private.limits language sql stable security definer
set search_path = '' as $$
  select l from calsync_private.limits l
$$;
comment on function public.calsync_limits() is 'The limits of the hybrid decision';

-- Views run with their reader's rights, so readers need the clock.
revoke execute on function public.calsync_now() from public, anon;
revoke execute on function public.calsync_limits() from public, anon;
grant execute on function public.calsync_now() to authenticated, service_role;
grant execute on function public.calsync_limits() to authenticated, service_role;

-- sql/tables/1_accounts.sql
-- One row per connected provider account of a person.
create table public.calendar_accounts (
  user_id uuid not null references auth.users (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  provider text not null check (provider in ('google', 'microsoft', 'caldav')),
  provider_account_id text not null check (provider_account_id <> ''),
  email text,
  status text not null default 'active' check (status in ('active', 'needs_reauth', 'disconnecting', 'disconnected')),
  status_reason text,
  scopes text[] not null default '{}',
  -- Who wins where an appointment and its event were both changed; a calendar may differ.
  conflict_policy text not null default 'newest_wins'
    check (conflict_policy in ('newest_wins', 'provider_wins', 'local_wins', 'manual')),
  -- The provider asked for patience: no call for this account before.
  blocked_until timestamptz,
  quota_strikes integer not null default 0 check (quota_strikes >= 0),
  -- Calls of the running minute, held against the provider's per-user limit.
  budget_minute timestamptz,
  budget_used integer not null default 0 check (budget_used >= 0),
  discovery_due_at timestamptz not null default public.calsync_now(),
  discovered_at timestamptz,
  -- While it is being disconnected: since when, and when the next step is to be tried.
  disconnecting_since timestamptz,
  disconnect_due_at timestamptz,
  disconnect_attempts integer not null default 0 check (disconnect_attempts >= 0),
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, provider, provider_account_id),
  check (status = 'active' or status_reason is not null),
  check ((status = 'disconnecting') = (disconnecting_since is not null)),
  check ((status = 'disconnecting') = (disconnect_due_at is not null))
);
comment on table public.calendar_accounts is 'Connected provider accounts; the sealed credentials are in calsync_private';
create index calendar_accounts_discovery_due on public.calendar_accounts (discovery_due_at) where status = 'active';
create index calendar_accounts_disconnect_due on public.calendar_accounts (disconnect_due_at) where status = 'disconnecting';
-- Whether somebody has connected an account.
create index calendar_accounts_at_provider on public.calendar_accounts (provider_account_id, provider);
create index calendar_accounts_budget on public.calendar_accounts (provider, budget_minute);

-- Sealed by the application (MultiFernet); readable by no REST role.
create table calsync_private.account_credentials (
  user_id uuid not null,
  account_id uuid not null,
  sealed text not null check (sealed like 'gAAAA%'),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, account_id),
  foreign key (user_id, account_id) references public.calendar_accounts (user_id, id) on delete cascade
);
comment on table calsync_private.account_credentials is 'Provider credentials, sealed by MultiFernet; the CHECK refuses anything that is not';

-- Circuit breaker: a provider in trouble is left alone for a while. Written only on trouble and on recovery.
create table calsync_private.provider_circuits (
  provider text primary key check (provider in ('google', 'microsoft', 'caldav')),
  failures integer not null default 0 check (failures >= 0),
  open_until timestamptz,
  updated_at timestamptz not null default public.calsync_now()
);
comment on table calsync_private.provider_circuits is 'Failures in a row per provider; no claim while open_until lies ahead';

-- sql/tables/2_calendars.sql
-- One row per calendar of an account. `id` is the calendar UUID of webhook URLs.
create table public.calendars (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  account_id uuid not null,
  provider_calendar_id text not null check (provider_calendar_id <> ''),
  name text,
  time_zone text not null default 'UTC',
  access_role text not null default 'owner' check (access_role in ('owner', 'writer', 'reader', 'free_busy')),
  is_primary boolean not null default false,
  sync_enabled boolean not null default true,
  -- Null: as its account says.
  conflict_policy text check (conflict_policy in ('newest_wins', 'provider_wins', 'local_wins', 'manual')),
  -- Gone from the provider's list; the mirror is kept, nothing is read any more.
  removed_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, account_id, provider_calendar_id),
  foreign key (user_id, account_id) references public.calendar_accounts (user_id, id) on delete cascade
);
comment on table public.calendars is 'Calendars of connected accounts; id is the calendar UUID of webhook URLs';
-- A webhook brings the calendar UUID alone.
create index calendars_by_id on public.calendars (id);

-- The hybrid state: cursor, due time, lease, counters. This row is the queue entry of its calendar.
create table public.calendar_sync_states (
  user_id uuid not null,
  calendar_id uuid not null,

  sync_token text,
  -- A first import that was interrupted goes on here; the cursor comes with the last page.
  page_token text,
  full_sync_id uuid,

  due_at timestamptz not null default public.calsync_now(),
  due_reason text not null default 'initial'
    check (due_reason in ('initial', 'webhook', 'polling', 'manual', 'repair', 'reset')),
  not_before timestamptz,
  change_seq bigint not null default 0,
  claimed_seq bigint not null default 0,

  lease_token bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamptz,
  claimed_at timestamptz,
  log_id uuid,

  attempts integer not null default 0 check (attempts >= 0),
  last_error_code text,
  last_error_message text,
  last_error_at timestamptz,
  dead_at timestamptz,

  last_sync_at timestamptz,
  last_full_sync_at timestamptz,
  last_poll_at timestamptz,
  quiet_syncs integer not null default 0 check (quiet_syncs >= 0),
  empty_answers integer not null default 0 check (empty_answers >= 0),
  window_start timestamptz,
  window_end timestamptz,
  -- The calsync_epoch() in which the calendar was last read.
  read_epoch text,
  -- From when on the busy blocks from and in this calendar are to be planned again: they may not be what is asked for.
  blocks_due_at timestamptz,
  blocks_planned_at timestamptz,

  push text not null default 'wanted' check (push in ('wanted', 'unsupported', 'given_up', 'turned_off')),
  subscription_due_at timestamptz not null default public.calsync_now(),
  last_webhook_received timestamptz,
  -- The oldest notification that no sync has served yet: where latency is counted from.
  unserved_since timestamptz,
  verified_at timestamptz,
  webhook_failures integer not null default 0 check (webhook_failures >= 0),
  last_webhook_failure_at timestamptz,

  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, calendar_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((lease_holder is null) = (lease_expires_at is null)),
  check (lease_holder is null or (claimed_at is not null and log_id is not null)),
  check (page_token is null or full_sync_id is not null),
  check (claimed_seq <= change_seq),
  check (window_start < window_end)
) with (fillfactor = 70);
comment on table public.calendar_sync_states is
  'The hybrid state of a calendar and its place in the queue: whoever finds due_at past may claim it';
create index calendar_sync_states_due on public.calendar_sync_states (due_at);
-- Few rows are leased at a time.
create index calendar_sync_states_leased on public.calendar_sync_states (user_id, calendar_id)
  where lease_holder is not null;
create index calendar_sync_states_subscription_due on public.calendar_sync_states (subscription_due_at)
  where push = 'wanted';
create index calendar_sync_states_blocks_due on public.calendar_sync_states (blocks_due_at)
  where blocks_due_at is not null;
create index calendar_sync_states_blocks_planned on public.calendar_sync_states (blocks_planned_at);
create index calendar_sync_states_window on public.calendar_sync_states (window_end);

-- sql/tables/3_subscriptions.sql
-- Webhook subscriptions (Google: channels). The row is written before the provider is asked, since
-- the provider's first message may overtake its answer.
create table public.webhook_subscriptions (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  channel_id text not null check (channel_id <> ''),
  resource_id text,
  status text not null default 'pending'
    check (status in ('pending', 'active', 'retiring', 'stopped', 'expired', 'failed')),
  expires_at timestamptz,
  activated_at timestamptz,
  retired_at timestamptz,
  stop_due_at timestamptz,
  stop_attempts integer not null default 0 check (stop_attempts >= 0),
  ended_at timestamptz,
  error_code text,
  error_message text,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, calendar_id, channel_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check (status <> 'active' or (activated_at is not null and expires_at is not null)),
  check (status <> 'retiring' or (retired_at is not null and stop_due_at is not null)),
  check ((status in ('stopped', 'expired', 'failed')) = (ended_at is not null))
);
comment on table public.webhook_subscriptions is 'One row per channel ever asked for; at most one active per calendar';
create unique index webhook_subscriptions_one_active on public.webhook_subscriptions (user_id, calendar_id)
  where status = 'active';
create unique index webhook_subscriptions_one_pending on public.webhook_subscriptions (user_id, calendar_id)
  where status = 'pending';
create index webhook_subscriptions_to_stop on public.webhook_subscriptions (stop_due_at) where status = 'retiring';
create index webhook_subscriptions_to_expire on public.webhook_subscriptions (expires_at)
  where status in ('pending', 'active', 'retiring');
-- Retention.
create index webhook_subscriptions_ended on public.webhook_subscriptions (ended_at) where ended_at is not null;

-- Every verified notification, kept 30 days. Partitions live in calsync_private.
create table public.webhook_notifications (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  channel_id text not null,
  -- The last three are lifecycle events of Graph.
  resource_state text not null check (resource_state in
    ('sync', 'exists', 'not_exists', 'reauthorization_required', 'subscription_removed', 'missed')),
  message_number bigint not null check (message_number > 0),
  outcome text not null
    check (outcome in ('accepted', 'confirmed', 'reacted', 'duplicate', 'retired_channel', 'unknown_channel')),
  received_at timestamptz not null,
  primary key (user_id, received_at, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
) partition by range (received_at);
comment on table public.webhook_notifications is 'Webhook notifications with a token of ours; partitioned by week';
create index webhook_notifications_repeat on public.webhook_notifications (channel_id, message_number);
create index webhook_notifications_by_calendar on public.webhook_notifications (user_id, calendar_id, received_at);
create table calsync_private.webhook_notifications_default
  partition of public.webhook_notifications default;
alter table calsync_private.webhook_notifications_default enable row level security;

-- sql/tables/4_events.sql
-- The mirror: one row per event, series master or exception, as the provider has it.
create table public.calendar_events (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  provider_event_id text not null check (provider_event_id <> ''),
  kind text not null check (kind in ('single', 'series', 'exception')),
  status text not null check (status in ('confirmed', 'tentative', 'cancelled')),
  etag text not null,
  ical_uid text,
  -- Provider id of the master; it may arrive after its exceptions, hence no foreign key.
  series_event_id text,
  -- RECURRENCE-ID of the instance an exception replaces: 20261124T090000Z, or 20261124 for all-day.
  occurrence_key text not null default '',
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  time_zone text,
  summary text,
  description text,
  location text,
  show_as text not null default 'busy'
    check (show_as in ('busy', 'free', 'tentative', 'out_of_office', 'working_elsewhere')),
  visibility text not null default 'default'
    check (visibility in ('default', 'public', 'private', 'confidential')),
  event_type text not null default 'default',
  organizer jsonb,
  attendees jsonb not null default '[]',
  self_response text check (self_response in ('needs_action', 'accepted', 'tentative', 'declined')),
  recurrence text[] not null default '{}',
  conference_url text,
  html_link text,
  sequence integer not null default 0,
  -- Set on events that CalSync itself wrote.
  own_tag text,
  provider_created_at timestamptz,
  provider_updated_at timestamptz,
  content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
  -- How far a series is expanded; null: an exception vanished and the series must be expanded anew.
  expanded_until timestamptz,
  -- The provider lists the occurrences itself (Graph): they are never expanded here.
  is_listed boolean not null default false,
  -- How far, for whoever looks for series to expand; null: this event is none.
  expanded_to timestamptz generated always as (
    case when kind = 'series' and status <> 'cancelled' and not is_listed then coalesce(expanded_until, '-infinity') end) stored,
  is_all_day boolean not null generated always as (start_date is not null) stored,
  -- Whether the person is busy then: declined invitations, free time and busy blocks (whoever made them) do not count.
  is_busy boolean not null generated always as (
    status <> 'cancelled' and show_as in ('busy', 'tentative', 'out_of_office')
    and self_response is distinct from 'declined' and coalesce(own_tag not like 'calsync:b:%', true)) stored,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, calendar_id, provider_event_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint calendar_events_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)
    or (kind = 'exception' and status = 'cancelled'
        and start_at is null and end_at is null and start_date is null and end_date is null)),
  constraint calendar_events_ends_after_start check (end_at >= start_at and end_date > start_date),
  constraint calendar_events_exception_names_series check (
    (kind = 'exception') = (series_event_id is not null and occurrence_key <> '')),
  constraint calendar_events_series_recurs check ((kind = 'series') = (recurrence <> '{}'))
);
comment on table public.calendar_events is 'The mirror: events as the provider has them; occurrences are in event_occurrences';
create index calendar_events_exceptions on public.calendar_events (user_id, calendar_id, series_event_id)
  where kind = 'exception';
-- Busy blocks that were read back, by tag: found again after a restore.
create index calendar_events_own_blocks on public.calendar_events (user_id, calendar_id, own_tag collate "C")
  where own_tag like 'calsync:b:%';
create index calendar_events_to_expand on public.calendar_events (expanded_to) where expanded_to is not null;

-- When things happen, in a rolling window: one row per happening.
create table public.event_occurrences (
  user_id uuid not null,
  calendar_id uuid not null,
  event_id uuid not null,
  -- "" for a single event, else as in calendar_events.
  occurrence_key text not null,
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  primary key (user_id, event_id, occurrence_key),
  foreign key (user_id, event_id) references public.calendar_events (user_id, id) on delete cascade,
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint event_occurrences_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)),
  constraint event_occurrences_ends_after_start check (end_at >= start_at and end_date > start_date)
);
comment on table public.event_occurrences is 'Occurrences in the rolling window; an exception carries its own row instead of its series''';
create index event_occurrences_by_start on public.event_occurrences (user_id, calendar_id, start_at);
create index event_occurrences_by_date on public.event_occurrences (user_id, calendar_id, start_date)
  where start_date is not null;

-- Meetings: events with other people or a conference.
create table public.meetings (
  user_id uuid not null,
  event_id uuid not null,
  calendar_id uuid not null,
  url text,
  platform text,
  attendee_count integer not null check (attendee_count >= 0),
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, event_id),
  foreign key (user_id, event_id) references public.calendar_events (user_id, id) on delete cascade,
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((url is null) = (platform is null))
);
comment on table public.meetings is 'Which events are meetings, and where they are joined';
create index meetings_by_calendar on public.meetings (user_id, calendar_id);

-- What a provider sent and the mirror cannot hold; parked with its reason, never dropped.
create table public.refused_events (
  user_id uuid not null,
  calendar_id uuid not null,
  provider_event_id text not null,
  reason text not null check (reason ~ '^[a-z_]+$'),
  detail text not null,
  etag text not null,
  refused_at timestamptz not null,
  primary key (user_id, calendar_id, provider_event_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table public.refused_events is 'Events that could not be mirrored, each with a named reason';

-- Ids met by a running full sync; what is not here when it ends is gone at the provider.
create table calsync_private.full_sync_seen (
  user_id uuid not null,
  calendar_id uuid not null,
  full_sync_id uuid not null,
  provider_event_id text not null,
  primary key (user_id, calendar_id, full_sync_id, provider_event_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table calsync_private.full_sync_seen is 'Scratch of mark-and-sweep; empty when no full sync runs';

-- sql/tables/5_records.sql
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

-- sql/tables/6_writes.sql
-- Who we are in the tags of what we write: two installations on the same calendars leave each other's events alone.
create table calsync_private.installation (
  only_row boolean primary key default true check (only_row),
  id text not null default left(md5(gen_random_uuid()::text), 8) check (id ~ '^[0-9a-f]{8}$')
);
comment on table calsync_private.installation is 'The id of this installation in the tags of its events; one row';
insert into calsync_private.installation default values;

create function public.calsync_installation() returns text language sql stable
set search_path = '' as $$
  select i.id from calsync_private.installation i
$$;
comment on function public.calsync_installation() is 'The id of this installation in the tags of its events';

-- Changes whenever the rows may be older than the calendars: after a restart, a failover, a restored backup. A
-- calendar that was not read since then may hold events of ours that no row knows: nothing is created there before.
create function public.calsync_epoch() returns text language sql stable
set search_path = '' as $$
  select concat_ws(':', d.oid, pg_catalog.pg_relation_filenode('calsync_private.installation'),
                   extract(epoch from pg_catalog.pg_postmaster_start_time()))
  from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
$$;
comment on function public.calsync_epoch() is 'Changes when rows may have been set back: restart, failover, restore';

-- What blocks what: one row per pair of calendars that differs from the default (see busy_block_pairs).
create table public.busy_block_rules (
  user_id uuid not null,
  source_calendar_id uuid not null,
  target_calendar_id uuid not null,
  is_enabled boolean not null default true,
  -- "🔒 title" where true, else a neutral title.
  copy_title boolean not null default false,
  skip_free boolean not null default true,
  skip_tentative boolean not null default false,
  skip_all_day boolean not null default false,
  skip_declined boolean not null default true,
  skip_working_location boolean not null default true,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, source_calendar_id, target_calendar_id),
  foreign key (user_id, source_calendar_id) references public.calendars (user_id, id) on delete cascade,
  foreign key (user_id, target_calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint busy_block_rules_two_calendars check (source_calendar_id <> target_calendar_id)
);
comment on table public.busy_block_rules is 'Rules for busy blocks, by source and target calendar';
create index busy_block_rules_by_target on public.busy_block_rules (user_id, target_calendar_id);

-- One row per busy block that the rules ask for, or that is still to be removed.
create table public.busy_blocks (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  -- Null: an event of ours that was found in the calendar and that nothing asks for; it is to be deleted.
  source_calendar_id uuid,
  -- The provider id of the source event, of its series where it recurs.
  source_event_key text not null check (source_event_key <> ''),
  occurrence_key text not null,
  target_calendar_id uuid not null,
  -- calsync:b:{installation}:{series identity}:{nonce}; the provider keeps it with the event.
  tag text not null check (tag ~ '^calsync:b:[0-9a-f]{8}:[0-9a-f]{16}:[0-9a-f]{16}$'),
  title text not null,
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  -- When it is over; all-day ones end with the UTC day, as everywhere.
  ends_at timestamptz not null generated always as (
    case when end_date is null then end_at else end_date::timestamp at time zone 'UTC' end) stored,
  -- False: its event is to be deleted, and then this row.
  is_wanted boolean not null default true,
  -- The event at the provider, as it answered; null until then.
  provider_event_id text,
  etag text,
  written_at timestamptz,
  -- How often a change made there by somebody else was undone, since the block last changed itself.
  reverted integer not null default 0 check (reverted >= 0),
  -- When the change that this block follows was made, noticed: where its latency is counted from.
  changed_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, target_calendar_id, tag),
  foreign key (user_id, source_calendar_id) references public.calendars (user_id, id) on delete cascade,
  foreign key (user_id, target_calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint busy_blocks_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)),
  constraint busy_blocks_ends_after_start check (end_at >= start_at and end_date > start_date),
  constraint busy_blocks_two_calendars check (source_calendar_id <> target_calendar_id),
  constraint busy_blocks_wanted_by_a_source check (source_calendar_id is not null or not is_wanted),
  constraint busy_blocks_written check (
    (provider_event_id is null) = (etag is null) and (provider_event_id is null) = (written_at is null))
);
comment on table public.busy_blocks is 'Busy blocks: one for each occurrence and target calendar that the rules ask for';
create unique index busy_blocks_one_wanted on public.busy_blocks
  (user_id, source_calendar_id, target_calendar_id, source_event_key, occurrence_key) where is_wanted;
create index busy_blocks_by_source on public.busy_blocks (user_id, source_calendar_id, source_event_key);
create index busy_blocks_from on public.busy_blocks (user_id, source_calendar_id, ends_at);
create index busy_blocks_into on public.busy_blocks (user_id, target_calendar_id, ends_at);
-- Not yet, or no longer, at their provider.
create index busy_blocks_unsettled on public.busy_blocks (user_id) where provider_event_id is null or not is_wanted;
create unique index busy_blocks_by_event on public.busy_blocks (user_id, target_calendar_id, provider_event_id)
  where provider_event_id is not null;

-- The outbox: one row per event of ours that is not yet at its provider what it should be. The row says that there is
-- something to write; what, its busy block or appointment says when it is claimed. A thousand changes are one row.
create table public.provider_writes (
  user_id uuid not null,
  -- The id of the busy block or appointment.
  id uuid not null,
  subject text not null check (subject in ('busy_block', 'appointment')),
  -- Where it is written.
  calendar_id uuid not null,
  action text not null check (action in ('create', 'update', 'delete')),
  change_seq bigint not null default 1,
  claimed_seq bigint not null default 0,
  due_at timestamptz not null default public.calsync_now(),
  attempts integer not null default 0 check (attempts >= 0),
  lease_token bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamptz,
  last_error_code text,
  last_error_message text,
  last_error_at timestamptz,
  dead_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check (claimed_seq <= change_seq),
  check ((lease_holder is null) = (lease_expires_at is null)),
  check (dead_at is null or last_error_code is not null)
);
comment on table public.provider_writes is 'The outbox: events of ours that are to be written at their provider';
create index provider_writes_queue on public.provider_writes (user_id, calendar_id, due_at) where dead_at is null;
create index provider_writes_leased on public.provider_writes (user_id, calendar_id) where lease_holder is not null;
create index provider_writes_by_calendar on public.provider_writes (user_id, calendar_id);

revoke execute on function public.calsync_installation() from public, anon, authenticated;
revoke execute on function public.calsync_epoch() from public, anon, authenticated;
grant execute on function public.calsync_installation() to service_role;
grant execute on function public.calsync_epoch() to service_role;

-- sql/tables/7_audit.sql
-- Who did what to whose calendars. Written in the transaction of the act itself; rows are added and never changed.
create table public.audit_log (
  user_id uuid not null references auth.users (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  -- "user:<id>" for a signed-in person, else the part of the installation that acted.
  actor text not null check (actor ~ '^(user:[0-9a-f-]{36}|service_role|cli|worker)$'),
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  -- What it was done to: an account, a calendar, an alert, an endpoint.
  subject text not null,
  request_id text,
  -- Ids, flags and counts; never the content of an event.
  details jsonb not null default '{}',
  created_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id)
);
comment on table public.audit_log is 'Administrative acts and uses of the service-role key: who, what, on what, by which request';
create index audit_log_by_time on public.audit_log (user_id, created_at desc, id desc);

-- Answers to requests with an Idempotency-Key, kept for a day.
create table calsync_private.idempotency_keys (
  user_id uuid not null references auth.users (id) on delete cascade,
  key text not null check (key ~ '^[A-Za-z0-9._:-]{1,200}$'),
  -- SHA-256 over method, path and input: the same key may not mean two things.
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  -- Null while the first request is at work.
  status integer,
  answer jsonb,
  started_at timestamptz not null default public.calsync_now(),
  primary key (user_id, key),
  check ((status is null) = (answer is null))
);
comment on table calsync_private.idempotency_keys is 'Requests that must not be done twice, and their answers';

-- sql/tables/8_oauth_flows.sql
-- Attempts of people to connect an account at a provider's consent page: ten minutes long, good for one answer.
-- Only hashes of what the browser carries are kept; the PKCE verifier is sealed.
create table calsync_private.oauth_flows (
  user_id uuid not null references auth.users (id) on delete cascade,
  -- SHA-256 of `state`, and of the cookie that binds the attempt to the browser that began it.
  state_hash text not null check (state_hash ~ '^[0-9a-f]{64}$'),
  browser_hash text not null check (browser_hash ~ '^[0-9a-f]{64}$'),
  provider text not null check (provider in ('google', 'microsoft')),
  -- What was asked for, to be compared with what is granted.
  scopes text[] not null check (cardinality(scopes) > 0),
  sealed text not null check (sealed like 'gAAAA%'),
  created_at timestamptz not null default public.calsync_now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (user_id, state_hash),
  check (expires_at > created_at),
  check (consumed_at < expires_at)
);
comment on table calsync_private.oauth_flows is 'Attempts to connect an account by OAuth: ten minutes, one answer, one browser';
-- The answer brings the state alone.
create index oauth_flows_by_state on calsync_private.oauth_flows (state_hash);
-- Retention.
create index oauth_flows_ended on calsync_private.oauth_flows (expires_at);

-- sql/tables/9_statistics.sql
-- What the planner would believe of a person who came after the last ANALYZE: that they have one row. It would
-- then pick an index that leads to all of their rows, and read them all for each single one that it looks up.
-- Without statistics it takes every person for a 200th of a table, and the index with more columns wins.
alter table public.calendar_events alter column user_id set statistics 0;
alter table public.event_occurrences alter column user_id set statistics 0;
alter table public.meetings alter column user_id set statistics 0;
alter table public.refused_events alter column user_id set statistics 0;
alter table calsync_private.full_sync_seen alter column user_id set statistics 0;
alter table public.busy_blocks alter column user_id set statistics 0;
alter table public.provider_writes alter column user_id set statistics 0;

-- sql/tables/61_appointments.sql
-- What applications want in their people's calendars: they write these rows, over SQL, REST or the API. Edits and
-- deletions at the provider come back into them.
create table public.appointments (
  user_id uuid not null default auth.uid(),
  id uuid not null default gen_random_uuid(),
  -- Stays: an appointment moves to another calendar as a new one.
  calendar_id uuid not null,
  summary text not null default '' check (length(summary) <= 1000),
  description text check (length(description) <= 8000),
  location text check (length(location) <= 1000),
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  -- IANA; in which the times are shown. Null: UTC.
  time_zone text,
  show_as text not null default 'busy'
    check (show_as in ('busy', 'free', 'tentative', 'out_of_office', 'working_elsewhere')),
  visibility text not null default 'default'
    check (visibility in ('default', 'public', 'private', 'confidential')),
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint appointments_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)),
  constraint appointments_ends_after_start check (end_at >= start_at and end_date > start_date)
);
comment on table public.appointments is 'Appointments of applications, kept in step with events at the provider';
create index appointments_by_calendar on public.appointments (user_id, calendar_id);
create index appointments_by_time on public.appointments (user_id, created_at, id);

-- The event of an appointment, and the version that both sides agreed on last. It outlives its appointment until the
-- event is deleted too. Versions are what appointment_content gives.
create table public.appointment_links (
  user_id uuid not null,
  -- The id of the appointment, and of its row in the outbox.
  id uuid not null,
  calendar_id uuid not null,
  tag text not null check (tag ~ '^calsync:a:[0-9a-f]{8}:[0-9a-f]{32}$'),
  -- Counts the events that it had: one that was deleted there gets a successor with a tag of its own.
  generation integer not null default 0 check (generation >= 0),
  provider_event_id text,
  etag text,
  -- The last version agreed on: as it is written here, and as the provider renders it (null until the mirror showed it).
  base jsonb,
  base_remote jsonb,
  agreed_at timestamptz,
  -- The mirrored version that was merged last, and the versions of ours that the mirror may still show.
  seen_etag text,
  own_etags text[] not null default '{}',
  -- By the database's clock; null: nothing was changed here since they agreed.
  local_changed_at timestamptz,
  deleted_at timestamptz,
  -- Nothing is written before: the mirror was read (merge), a person decided (conflict).
  held text check (held in ('merge', 'conflict')),
  -- The provider said of a write that there is no such event.
  vanished_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((provider_event_id is null) = (etag is null))
);
comment on table public.appointment_links is 'Which event an appointment is, and what both sides agreed on last';
create unique index appointment_links_by_event on public.appointment_links (user_id, calendar_id, provider_event_id)
  where provider_event_id is not null;
create index appointment_links_by_calendar on public.appointment_links (user_id, calendar_id);

-- What was handed to a delivery whose outcome is not known yet: the provider may have any of these versions.
create table calsync_private.appointment_offers (
  user_id uuid not null,
  id uuid not null,
  calendar_id uuid not null,
  contents jsonb not null,
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table calsync_private.appointment_offers is 'Versions of an appointment that may have reached the provider';
create index appointment_offers_by_calendar on calsync_private.appointment_offers (user_id, calendar_id);

-- Events of appointments of which the mirror may have another version than the one merged last: work for the merge.
-- No key of appointment_links, so that a sync waits for no appointment and no appointment for a sync.
create table calsync_private.appointment_sightings (
  user_id uuid not null,
  id uuid not null,
  calendar_id uuid not null,
  -- The provider reported its deletion; when, where it says so.
  is_gone boolean not null default false,
  gone_at timestamptz,
  noticed_at timestamptz not null default public.calsync_now(),
  -- Another one for each sighting: a merge takes away the one that it has looked at.
  mark uuid not null default gen_random_uuid(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table calsync_private.appointment_sightings is 'Appointments whose event changed at the provider, to be merged';
create index appointment_sightings_by_calendar on calsync_private.appointment_sightings (user_id, calendar_id);

-- Both sides changed: what they had in common, what each had, and what was decided. Nothing that lost is forgotten.
create table public.sync_conflicts (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  appointment_id uuid not null,
  calendar_id uuid not null,
  -- both_changed; deleted_here: changed there; deleted_there: changed here; became_series: it recurs there now.
  kind text not null check (kind in ('both_changed', 'deleted_here', 'deleted_there', 'became_series')),
  -- Null: unknown, or deleted on that side.
  base jsonb,
  local jsonb,
  remote jsonb,
  -- Both changes in one, with the provider's values for the fields in conflict; null where one side is deleted.
  merged jsonb,
  remote_etag text,
  -- Those that both sides changed, each to something else.
  fields text[] not null default '{}',
  policy text not null check (policy in ('newest_wins', 'provider_wins', 'local_wins', 'manual')),
  decision text not null check (decision in ('merged', 'local', 'remote', 'both', 'pending')),
  -- policy, or the actor as in audit_log.
  decided_by text,
  decided_at timestamptz,
  undone_by text,
  undone_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint sync_conflicts_decided check (
    (decision = 'pending') = (decided_at is null) and (decided_at is null) = (decided_by is null)),
  constraint sync_conflicts_undone check (
    (undone_at is null) = (undone_by is null) and (undone_at is null or decided_at is not null)),
  constraint sync_conflicts_some_version check (local is not null or remote is not null)
);
comment on table public.sync_conflicts is 'Conflicts between an appointment and its event: versions, decision, undo';
create unique index sync_conflicts_one_pending on public.sync_conflicts (user_id, appointment_id) where decision = 'pending';
create index sync_conflicts_by_time on public.sync_conflicts (user_id, created_at desc, id desc);
create index sync_conflicts_by_calendar on public.sync_conflicts (user_id, calendar_id);

-- sql/functions/01_hold_lease.sql
-- Internal: locks the state row of a calendar for whoever still holds its lease, and refuses all others.
-- Every write of a sync goes through here, so a worker that lost its lease can write nothing.
create function public.hold_lease(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint)
returns public.calendar_sync_states language plpgsql set search_path = '' as $$
declare
  v_state public.calendar_sync_states;
begin
  select * into v_state from public.calendar_sync_states
  where user_id = p_user_id and calendar_id = p_calendar_id
  for update;
  if not found then
    raise exception 'calendar % does not exist', p_calendar_id using errcode = 'CS002';
  end if;
  if v_state.lease_holder is null or v_state.lease_token <> p_lease_token
     or v_state.lease_expires_at <= public.calsync_now() then
    raise exception 'lease % on calendar % is lost', p_lease_token, p_calendar_id using errcode = 'CS001',
      hint = 'Another worker holds this calendar or the lease lapsed; nothing was written.';
  end if;
  return v_state;
end
$$;
comment on function public.hold_lease is 'Locks a calendar for the holder of its lease; CS001 for anybody else';

revoke execute on function public.hold_lease from public, anon, authenticated;
grant execute on function public.hold_lease to service_role;

-- sql/functions/02_alerts.sql
-- Internal: one open alert per episode; opening an open one only refreshes its message.
create function public.open_alert(p_user_id uuid, p_account_id uuid, p_calendar_id uuid, p_kind text,
                                  p_severity text, p_message text)
returns void language sql set search_path = '' as $$
  insert into public.calendar_alerts (user_id, account_id, calendar_id, kind, severity, message, opened_at)
  values (p_user_id, p_account_id, p_calendar_id, p_kind, p_severity, p_message, public.calsync_now())
  on conflict (user_id, kind, account_id, coalesce(calendar_id, '00000000-0000-0000-0000-000000000000'))
    where resolved_at is null
  do update set message = excluded.message, severity = excluded.severity
$$;
comment on function public.open_alert is 'Opens an alert, or refreshes the one that is open for this subject';

-- Internal: success ends the episode.
create function public.resolve_alerts(p_user_id uuid, p_calendar_id uuid, p_kinds text[])
returns void language sql set search_path = '' as $$
  update public.calendar_alerts set resolved_at = public.calsync_now(), resolved_by = 'success'
  where user_id = p_user_id and calendar_id = p_calendar_id and kind = any (p_kinds) and resolved_at is null
$$;
comment on function public.resolve_alerts is 'Closes the open alerts of these kinds for a calendar';

revoke execute on function public.open_alert from public, anon, authenticated;
grant execute on function public.open_alert to service_role;
revoke execute on function public.resolve_alerts from public, anon, authenticated;
grant execute on function public.resolve_alerts to service_role;

-- sql/functions/03_ledger.sql
-- Internal: adds to what a calendar cost today.
create function public.note_cost(p_user_id uuid, p_calendar_id uuid, p_api_calls integer, p_syncs integer,
                                 p_polls integer, p_polls_skipped integer)
returns void language sql set search_path = '' as $$
  insert into public.api_call_ledger as l (user_id, calendar_id, day, api_calls, syncs, polls, polls_skipped)
  values (p_user_id, p_calendar_id, (public.calsync_now() at time zone 'UTC')::date,
          p_api_calls, p_syncs, p_polls, p_polls_skipped)
  on conflict (user_id, calendar_id, day) do update set
    api_calls = l.api_calls + excluded.api_calls,
    syncs = l.syncs + excluded.syncs,
    polls = l.polls + excluded.polls,
    polls_skipped = l.polls_skipped + excluded.polls_skipped
$$;
comment on function public.note_cost is 'Adds API calls, syncs, polls and skipped polls to the ledger of today (UTC)';

-- Internal: holds calls against the running minute of the account, for claim_due_calendars to respect.
create function public.spend_budget(p_user_id uuid, p_account_id uuid, p_api_calls integer)
returns void language sql set search_path = '' as $$
  update public.calendar_accounts set
    budget_used = p_api_calls + case when budget_minute = date_trunc('minute', public.calsync_now())
                                     then budget_used else 0 end,
    budget_minute = date_trunc('minute', public.calsync_now())
  where user_id = p_user_id and id = p_account_id and p_api_calls > 0
$$;
comment on function public.spend_budget is 'Counts API calls in the running minute of an account';

revoke execute on function public.note_cost from public, anon, authenticated;
grant execute on function public.note_cost to service_role;
revoke execute on function public.spend_budget from public, anon, authenticated;
grant execute on function public.spend_budget to service_role;

-- sql/functions/04_activate_subscription.sql
-- A subscription works: the provider answered, or its first notification overtook the answer.
-- The one it replaces keeps delivering until it is stopped (overlap). Where nothing listened
-- before, the calendar is due once more: what changed in between was announced to nobody. Prolonged in
-- place (Graph), an active one stays; it may come back under a new channel id, if the old one was lost.
create function public.activate_subscription(p_user_id uuid, p_id uuid, p_channel_id text, p_resource_id text,
                                             p_expires_at timestamptz, p_renew_at timestamptz default null)
returns table (status text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_sub public.webhook_subscriptions;
  v_overlaps boolean;
begin
  select * into v_sub from public.webhook_subscriptions s where s.user_id = p_user_id and s.id = p_id for update;
  if not found then
    raise exception 'webhook subscription % does not exist', p_id using errcode = 'CS002';
  end if;
  -- Found at the provider and taken over: whichever row knew it before must not stop it any more.
  update public.webhook_subscriptions s
  set channel_id = s.id::text, status = case s.status when 'retiring' then 'stopped' else s.status end,
      ended_at = coalesce(s.ended_at, v_now), error_code = 'adopted', updated_at = v_now
  where s.user_id = p_user_id and s.calendar_id = v_sub.calendar_id and s.channel_id = p_channel_id and s.id <> p_id
    and s.status not in ('pending', 'active');
  if v_sub.status = 'active' and v_sub.channel_id <> p_channel_id then
    update public.webhook_subscriptions s set activated_at = v_now where s.user_id = p_user_id and s.id = p_id;
    perform public.make_due(p_user_id, v_sub.calendar_id, 'polling');
  elsif v_sub.status = 'pending' then
    with replaced as (
      update public.webhook_subscriptions s
      set status = 'retiring', retired_at = v_now, stop_due_at = v_now, updated_at = v_now
      where s.user_id = p_user_id and s.calendar_id = v_sub.calendar_id and s.status = 'active'
      returning s.expires_at
    )
    select exists (select 1 from replaced where expires_at > v_now) into v_overlaps;
    update public.webhook_subscriptions s set status = 'active', activated_at = v_now,
      expires_at = coalesce(p_expires_at, v_now + interval '7 days')
    where s.user_id = p_user_id and s.id = p_id;
    if not v_overlaps then
      perform public.make_due(p_user_id, v_sub.calendar_id, 'polling');
    end if;
  elsif v_sub.status <> 'active' then
    -- Overtaken by a newer subscription: it exists at the provider, so it must be stopped there.
    update public.webhook_subscriptions s
    set status = 'retiring', retired_at = v_now, stop_due_at = v_now, ended_at = null
    where s.user_id = p_user_id and s.id = p_id;
  end if;
  update public.webhook_subscriptions s
  set channel_id = p_channel_id, resource_id = coalesce(p_resource_id, s.resource_id),
      expires_at = coalesce(p_expires_at, s.expires_at),
      error_code = null, error_message = null, updated_at = v_now
  where s.user_id = p_user_id and s.id = p_id
  returning s.* into v_sub;
  if v_sub.status = 'active' then
    update public.calendar_sync_states set
      subscription_due_at = coalesce(p_renew_at, v_now + (v_sub.expires_at - v_now) * 0.75), updated_at = v_now
    where user_id = p_user_id and calendar_id = v_sub.calendar_id;
  end if;
  return query select v_sub.status;
end
$$;
comment on function public.activate_subscription is 'pending → active, retiring the subscription it replaces; idempotent; prolongs an active one';

revoke execute on function public.activate_subscription from public, anon, authenticated;
grant execute on function public.activate_subscription to service_role;

-- sql/functions/05_make_due.sql
-- Internal: moves a calendar's due time to now and says why. A running sync is not disturbed: it sees
-- change_seq moved when it ends, and the calendar is due again. A stronger reason already waiting stays.
-- p_heard_at: push said so, which proves that it works. All in one update: webhooks come in storms.
create function public.make_due(p_user_id uuid, p_calendar_id uuid, p_reason text,
                                p_heard_at timestamptz default null)
returns boolean language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_due_at timestamptz;
begin
  update public.calendar_sync_states set
    change_seq = change_seq + 1,
    due_reason = case when due_at <= v_now and due_reason in ('initial', 'reset', 'repair')
                      then due_reason else p_reason end,
    due_at = case
      when lease_expires_at > v_now or due_at = 'infinity' then due_at
      else least(due_at, greatest(v_now, not_before)) end,
    last_webhook_received = coalesce(p_heard_at, last_webhook_received),
    webhook_failures = case when p_heard_at is null then webhook_failures else 0 end,
    unserved_since = coalesce(unserved_since, p_heard_at)
  where user_id = p_user_id and calendar_id = p_calendar_id
  returning due_at into v_due_at;
  -- Due since earlier: the workers know.
  if v_due_at = v_now then
    perform pg_notify('calsync_due', '');
  end if;
  return v_due_at is not null;
end
$$;
comment on function public.make_due is 'A calendar is due now, for this reason; wakes the workers';

revoke execute on function public.make_due from public, anon, authenticated;
grant execute on function public.make_due to service_role;

-- sql/functions/10_record_notification.sql
-- The one durable call behind a webhook: records the notification and makes its calendar due.
-- The caller has verified the token already. A repeated delivery is recognised by its message
-- number; a channel we retired or do not know (a restored database) is remembered to be stopped.
create function public.record_notification(p_calendar_id uuid, p_channel_id text, p_resource_id text,
                                           p_resource_state text, p_message_number bigint,
                                           p_expires_at timestamptz default null)
returns table (outcome text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_known record;
  v_outcome text;
begin
  -- Two deliveries of one message may come at once; the second waits until the first is written.
  perform pg_advisory_xact_lock(hashtextextended(p_channel_id, p_message_number));
  select c.user_id, s.id, s.status, exists (
      select 1 from public.webhook_notifications n
      where n.channel_id = p_channel_id and n.message_number = p_message_number and n.user_id = c.user_id) as repeated
  into v_known
  from public.calendars c
  left join public.webhook_subscriptions s
    on s.user_id = c.user_id and s.calendar_id = c.id and s.channel_id = p_channel_id
  where c.id = p_calendar_id;
  if not found then
    return query select 'calendar_gone';
    return;
  end if;

  if v_known.id is null then
    v_outcome := 'unknown_channel';
    perform public.adopt_unknown_channel(v_known.user_id, p_calendar_id, p_channel_id, p_resource_id, p_expires_at);
  elsif v_known.repeated then
    v_outcome := 'duplicate';
  elsif v_known.status not in ('pending', 'active') then
    v_outcome := 'retired_channel';
    perform public.stop_again(v_known.user_id, v_known.id, p_resource_id);
  else
    v_outcome := case p_resource_state when 'sync' then 'confirmed' else 'accepted' end;
    if v_known.status = 'pending' then
      perform public.activate_subscription(v_known.user_id, v_known.id, p_channel_id, p_resource_id, p_expires_at);
    end if;
  end if;

  insert into public.webhook_notifications
    (user_id, calendar_id, channel_id, resource_state, message_number, outcome, received_at)
  values (v_known.user_id, p_calendar_id, p_channel_id, p_resource_state, p_message_number, v_outcome, v_now);

  -- News from a channel we no longer want is news all the same.
  if v_outcome <> 'duplicate' and p_resource_state <> 'sync' then
    perform public.make_due(v_known.user_id, p_calendar_id, 'webhook', case v_outcome when 'accepted' then v_now end);
  end if;
  return query select v_outcome;
end
$$;
comment on function public.record_notification is 'Records a verified webhook notification and makes its calendar due';

revoke execute on function public.record_notification from public, anon, authenticated;
grant execute on function public.record_notification to service_role;

-- sql/functions/11_unwanted_channels.sql
-- Internal: a channel that carries our token but is in no row (a restored database, a crash between the
-- provider's answer and ours): written down as retiring, so that it is stopped at the provider.
create function public.adopt_unknown_channel(p_user_id uuid, p_calendar_id uuid, p_channel_id text,
                                             p_resource_id text, p_expires_at timestamptz)
returns void language sql set search_path = '' as $$
  insert into public.webhook_subscriptions
    (user_id, calendar_id, channel_id, resource_id, status, expires_at, retired_at, stop_due_at)
  values (p_user_id, p_calendar_id, p_channel_id, p_resource_id, 'retiring',
          coalesce(p_expires_at, public.calsync_now() + interval '7 days'), public.calsync_now(), public.calsync_now())
  on conflict (user_id, calendar_id, channel_id) do nothing
$$;
comment on function public.adopt_unknown_channel is 'Remembers a channel of ours that no row knows, to stop it';

-- Internal: an ended channel still delivers. Stops lag, so it gets ten minutes before it is stopped again.
create function public.stop_again(p_user_id uuid, p_id uuid, p_resource_id text)
returns void language sql set search_path = '' as $$
  update public.webhook_subscriptions set
    status = 'retiring', retired_at = public.calsync_now(), stop_due_at = public.calsync_now(),
    resource_id = coalesce(resource_id, p_resource_id), ended_at = null, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_id and status in ('stopped', 'expired', 'failed')
    and ended_at < public.calsync_now() - interval '10 minutes';
  update public.webhook_subscriptions set resource_id = p_resource_id
  where user_id = p_user_id and id = p_id and status = 'retiring' and resource_id is null
$$;
comment on function public.stop_again is 'Queues another stop for an ended channel that still delivers';

revoke execute on function public.adopt_unknown_channel from public, anon, authenticated;
grant execute on function public.adopt_unknown_channel to service_role;
revoke execute on function public.stop_again from public, anon, authenticated;
grant execute on function public.stop_again to service_role;

-- sql/functions/12_record_microsoft_notifications.sql
-- The one durable call behind a POST of Graph, which may bring notifications of several subscriptions.
-- The caller has verified each clientState already. p_items: [{"calendar_id", "subscription_id" (our row),
-- "channel_id" (Graph's subscription), "resource_id", "state", "message_number", "expires_at"}].
-- Calendars are taken in the order of their ids: two such calls never wait for each other.
create function public.record_microsoft_notifications(p_items jsonb)
returns table (calendar_id uuid, channel_id text, outcome text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_calendar record;
  v_item record;
  v_outcomes text[];
begin
  for v_calendar in
    select c.user_id, i.calendar_id, jsonb_agg(i.item order by i.position) as items
    from (select (e.item ->> 'calendar_id')::uuid as calendar_id, e.item, e.position
          from jsonb_array_elements(p_items) with ordinality e (item, position)) i
    left join public.calendars c on c.id = i.calendar_id
    group by c.user_id, i.calendar_id
    order by i.calendar_id
  loop
    v_outcomes := '{}';
    for v_item in
      select * from jsonb_to_recordset(v_calendar.items) as i (subscription_id uuid, channel_id text,
        resource_id text, state text, message_number bigint, expires_at timestamptz)
    loop
      calendar_id := v_calendar.calendar_id;
      channel_id := v_item.channel_id;
      outcome := case when v_calendar.user_id is null then 'calendar_gone'
        else public.record_microsoft_notification(v_calendar.user_id, v_calendar.calendar_id, v_item.subscription_id,
          v_item.channel_id, v_item.resource_id, v_item.state, v_item.message_number, v_item.expires_at) end;
      v_outcomes := v_outcomes || outcome;
      return next;
    end loop;
    -- News from a subscription we no longer want is news all the same.
    if v_outcomes && array['accepted', 'retired_channel', 'unknown_channel'] then
      perform public.make_due(v_calendar.user_id, v_calendar.calendar_id, 'webhook',
        case when 'accepted' = any (v_outcomes) then public.calsync_now() end);
    end if;
  end loop;
end
$$;
comment on function public.record_microsoft_notifications is 'Records verified Graph notifications and makes their calendars due';

-- Internal: one of them. The subscription is known by Graph's id, or, while its answer is under way, by the
-- row that the clientState names. Lifecycle events carry no id, so a repeated one is just acted upon again.
create function public.record_microsoft_notification(p_user_id uuid, p_calendar_id uuid, p_subscription_id uuid,
  p_channel_id text, p_resource_id text, p_state text, p_message_number bigint, p_expires_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_is_news constant boolean := p_state in ('exists', 'not_exists');
  v_sub public.webhook_subscriptions;
  v_outcome text;
begin
  select s.* into v_sub from public.webhook_subscriptions s
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id
    and (s.channel_id = p_channel_id or (s.id = p_subscription_id and s.status in ('pending', 'active')))
  order by s.channel_id = p_channel_id desc
  limit 1;

  if v_sub.id is null then
    v_outcome := 'unknown_channel';
    perform public.adopt_unknown_channel(p_user_id, p_calendar_id, p_channel_id, p_resource_id, p_expires_at);
  elsif v_is_news and exists (
      select 1 from public.webhook_notifications n
      where n.channel_id = p_channel_id and n.message_number = p_message_number and n.user_id = p_user_id) then
    v_outcome := 'duplicate';
  elsif v_sub.status not in ('pending', 'active') then
    v_outcome := 'retired_channel';
    perform public.stop_again(p_user_id, v_sub.id, p_resource_id);
  else
    v_outcome := case when v_is_news then 'accepted' else 'reacted' end;
    if v_sub.status = 'pending' then
      perform public.activate_subscription(p_user_id, v_sub.id, p_channel_id, p_resource_id, p_expires_at);
    end if;
    if not v_is_news then
      perform public.react_to_lifecycle(p_user_id, p_calendar_id, v_sub.id, p_state);
    end if;
  end if;

  insert into public.webhook_notifications
    (user_id, calendar_id, channel_id, resource_state, message_number, outcome, received_at)
  values (p_user_id, p_calendar_id, p_channel_id, p_state, p_message_number, v_outcome, v_now);
  return v_outcome;
end
$$;
comment on function public.record_microsoft_notification is 'Records one verified Graph notification';

-- Internal: what Graph says about a subscription itself. It wants to be reauthorized (prolonging does both); it
-- is gone, to be made anew; or news was lost, to be read. None of this says that push works.
create function public.react_to_lifecycle(p_user_id uuid, p_calendar_id uuid, p_id uuid, p_event text)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  if p_event = 'subscription_removed' then
    update public.webhook_subscriptions
    set status = 'stopped', ended_at = v_now, error_code = p_event, updated_at = v_now
    where user_id = p_user_id and id = p_id;
  end if;
  if p_event <> 'missed' then
    update public.calendar_sync_states set subscription_due_at = least(subscription_due_at, v_now)
    where user_id = p_user_id and calendar_id = p_calendar_id and subscription_due_at <> 'infinity';
  end if;
  if p_event <> 'reauthorization_required' then
    perform public.make_due(p_user_id, p_calendar_id, 'webhook');
  end if;
end
$$;
comment on function public.react_to_lifecycle is 'active → stopped where Graph removed it; prolongs, makes anew or reads as the event asks';

revoke execute on function public.record_microsoft_notifications from public, anon, authenticated;
grant execute on function public.record_microsoft_notifications to service_role;
revoke execute on function public.record_microsoft_notification from public, anon, authenticated;
grant execute on function public.record_microsoft_notification to service_role;
revoke execute on function public.react_to_lifecycle from public, anon, authenticated;
grant execute on function public.react_to_lifecycle to service_role;

-- sql/functions/20_claim_due_calendars.sql
-- Takes up to p_limit due calendars under a lease with a fencing token, oldest first and fair between
-- accounts: at most p_per_account leases each, none for an account that is blocked by quota or over
-- its budget of the minute, none while the provider's circuit is open. One round trip gives all that
-- a sync needs. p_calendar_id asks for one calendar (still only if it is due). Planned at each call: a plan
-- that fits every limit and every argument would read all that is due, and after an outage that is everything.
create function public.claim_due_calendars(p_worker text, p_limit integer, p_lease_seconds double precision,
  p_per_account integer default 2, p_calls_per_minute integer default 500, p_user_id uuid default null,
  p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text,
  time_zone text, sealed text, sync_token text, page_token text, lease_token bigint, trigger text, sync_type text,
  attempts integer, webhook_failures integer, quiet_syncs integer, listening boolean,
  next_occurrence_at timestamptz, window_start timestamptz, window_end timestamptz, now timestamptz)
language plpgsql set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  -- Mostly nothing is due, and planning what follows takes ten times as long as finding that out.
  if not exists (select from public.calendar_sync_states s
                 where s.due_at <= v_now and (p_user_id is null or s.user_id = p_user_id)
                   and (p_calendar_id is null or s.calendar_id = p_calendar_id)) then
    return;
  end if;
  return query
  with busy as materialized (
    select c.user_id, c.account_id, count(*) as leases
    from public.calendar_sync_states h
    join public.calendars c on c.user_id = h.user_id and c.id = h.calendar_id
    where h.lease_holder is not null and h.lease_expires_at > v_now
    group by c.user_id, c.account_id
  ), candidates as materialized (
    select s.user_id, s.calendar_id, c.account_id, s.due_at
    from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.due_at <= v_now and c.sync_enabled and c.removed_at is null and a.status = 'active'
      and (p_user_id is null or s.user_id = p_user_id)
      and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and (a.blocked_until is null or a.blocked_until <= v_now)
      and not (a.budget_minute is not distinct from date_trunc('minute', v_now) and a.budget_used >= p_calls_per_minute)
      and not exists (select 1 from calsync_private.provider_circuits p
                      where p.provider = a.provider and p.open_until > v_now)
    order by s.due_at
    limit p_limit * 10 + 50
  ), fair as materialized (
    select k.user_id, k.calendar_id, k.due_at,
      row_number() over (partition by k.user_id, k.account_id order by k.due_at) + coalesce(b.leases, 0) as place
    from candidates k
    left join busy b on b.user_id = k.user_id and b.account_id = k.account_id
  ), taken as (
    select s.user_id, s.calendar_id
    from public.calendar_sync_states s
    join fair f on f.user_id = s.user_id and f.calendar_id = s.calendar_id
    where s.due_at <= v_now and f.place <= p_per_account
    order by f.place, f.due_at
    limit p_limit
    for update of s skip locked
  ), before as (
    select s.* from public.calendar_sync_states s join taken t on t.user_id = s.user_id and t.calendar_id = s.calendar_id
  ), abandoned as (
    update public.calendar_sync_logs l set status = 'abandoned', finished_at = v_now, error_code = 'lease_lapsed'
    from before b
    where b.lease_holder is not null and l.user_id = b.user_id and l.created_at = b.claimed_at and l.id = b.log_id
  ), claimed as (
    update public.calendar_sync_states s set
      lease_token = s.lease_token + 1, lease_holder = p_worker,
      lease_expires_at = v_now + make_interval(secs => p_lease_seconds),
      due_at = v_now + make_interval(secs => p_lease_seconds),
      claimed_seq = s.change_seq, claimed_at = v_now, log_id = gen_random_uuid(),
      full_sync_id = case when s.sync_token is null or s.page_token is not null
                          then coalesce(s.full_sync_id, gen_random_uuid()) end,
      -- A worker that dies with a lease counts as an attempt, or a poisonous calendar would kill workers for ever.
      attempts = s.attempts + (s.lease_holder is not null)::integer,
      updated_at = v_now
    from taken t where s.user_id = t.user_id and s.calendar_id = t.calendar_id
    returning s.*
  ), logged as (
    insert into public.calendar_sync_logs
      (user_id, id, calendar_id, lease_token, sync_type, trigger, status, notified_at, started_at, created_at)
    select k.user_id, k.log_id, k.calendar_id, k.lease_token,
      case when k.full_sync_id is not null then 'full' when k.due_reason = 'webhook' then 'webhook' else 'incremental' end,
      k.due_reason, 'running', k.unserved_since, v_now, v_now
    from claimed k
    returning user_id, calendar_id, sync_type
  )
  select k.user_id, k.calendar_id, c.account_id, a.provider, c.provider_calendar_id, c.time_zone,
    public.sealed_credentials(k.user_id, c.account_id), k.sync_token, k.page_token, k.lease_token, k.due_reason,
    l.sync_type, k.attempts, k.webhook_failures, k.quiet_syncs,
    public.is_listening(k.user_id, k.calendar_id, k.webhook_failures, v_now),
    (select min(o.start_at) from public.event_occurrences o
     where o.user_id = k.user_id and o.calendar_id = k.calendar_id and o.start_at > v_now),
    k.window_start, k.window_end, v_now
  from claimed k
  join logged l on l.user_id = k.user_id and l.calendar_id = k.calendar_id
  join public.calendars c on c.user_id = k.user_id and c.id = k.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id;
end
$$;
comment on function public.claim_due_calendars is 'Leases due calendars, fairly between accounts, with all that a sync needs';

revoke execute on function public.claim_due_calendars from public, anon, authenticated;
grant execute on function public.claim_due_calendars to service_role;

-- sql/functions/21_claim_helpers.sql
-- Internal: the sealed credentials of an account, for claims alone. Definer: no REST role may read the table.
create function public.sealed_credentials(p_user_id uuid, p_account_id uuid)
returns text language sql stable security definer set search_path = '' as $$
  select sealed from calsync_private.account_credentials where user_id = p_user_id and account_id = p_account_id
$$;
comment on function public.sealed_credentials is 'Sealed credentials of an account; only the service role may ask';

-- Internal: whether push can be relied on: an active subscription and few failures in a row.
create function public.is_listening(p_user_id uuid, p_calendar_id uuid, p_failures integer, p_now timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select p_failures < (public.calsync_limits()).suspend_after and exists (
    select 1 from public.webhook_subscriptions
    where user_id = p_user_id and calendar_id = p_calendar_id and status = 'active' and expires_at > p_now)
$$;
comment on function public.is_listening is 'Active subscription and fewer consecutive failures than suspend it';

revoke execute on function public.sealed_credentials from public, anon, authenticated;
grant execute on function public.sealed_credentials to service_role;
revoke execute on function public.is_listening from public, anon, authenticated;
grant execute on function public.is_listening to service_role;

-- sql/functions/30_mirror_events.sql
-- Internal: upserts the events of a page. A row whose etag and content are as they were is not touched.
-- Returns the events whose content or times changed, so that only their occurrences are looked at.
create function public.mirror_events(p_user_id uuid, p_calendar_id uuid, p_events jsonb)
returns table (event_id uuid, provider_event_id text, is_new boolean)
language sql set search_path = '' as $$
  with incoming as materialized (
    -- Items may repeat within a page; the last one is the truth.
    select distinct on (e.provider_event_id) e.*
    from rows from (jsonb_to_recordset(p_events) as (
      provider_event_id text, kind text, status text, etag text, ical_uid text, series_event_id text,
      occurrence_key text, start_at timestamptz, end_at timestamptz, start_date date, end_date date,
      time_zone text, summary text, description text, location text, show_as text, visibility text,
      event_type text, organizer jsonb, attendees jsonb, self_response text, recurrence text[],
      conference_url text, html_link text, sequence integer, own_tag text, provider_created_at timestamptz,
      provider_updated_at timestamptz, content_hash text, expanded_until timestamptz, is_listed boolean)) with ordinality
      as e (provider_event_id, kind, status, etag, ical_uid, series_event_id, occurrence_key, start_at, end_at,
        start_date, end_date, time_zone, summary, description, location, show_as, visibility, event_type,
        organizer, attendees, self_response, recurrence, conference_url, html_link, sequence, own_tag,
        provider_created_at, provider_updated_at, content_hash, expanded_until, is_listed, position)
    order by e.provider_event_id, e.position desc
  ), before as materialized (
    -- One index probe per item whatever the planner believes: in a first sync there are no statistics yet.
    select i.provider_event_id, t.content_hash, t.etag
    from incoming i
    cross join lateral (
      select e.content_hash, e.etag from public.calendar_events e
      where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.provider_event_id = i.provider_event_id
      limit 1) t
  ), written as (
    insert into public.calendar_events as t
      (user_id, calendar_id, provider_event_id, kind, status, etag, ical_uid, series_event_id, occurrence_key,
       start_at, end_at, start_date, end_date, time_zone, summary, description, location, show_as, visibility,
       event_type, organizer, attendees, self_response, recurrence, conference_url, html_link, sequence, own_tag,
       provider_created_at, provider_updated_at, content_hash, expanded_until, is_listed)
    select p_user_id, p_calendar_id, i.provider_event_id, i.kind, i.status, i.etag, i.ical_uid, i.series_event_id,
       i.occurrence_key, i.start_at, i.end_at, i.start_date, i.end_date, i.time_zone, i.summary, i.description,
       i.location, i.show_as, i.visibility, i.event_type, nullif(i.organizer, 'null'), i.attendees, i.self_response,
       i.recurrence, i.conference_url, i.html_link, i.sequence, i.own_tag, i.provider_created_at,
       i.provider_updated_at, i.content_hash, i.expanded_until, i.is_listed
    from incoming i
    left join before b using (provider_event_id)
    where b.provider_event_id is null or b.etag <> i.etag or b.content_hash <> i.content_hash
    on conflict (user_id, calendar_id, provider_event_id) do update set
      kind = excluded.kind, status = excluded.status, etag = excluded.etag, ical_uid = excluded.ical_uid,
      series_event_id = excluded.series_event_id, occurrence_key = excluded.occurrence_key,
      start_at = excluded.start_at, end_at = excluded.end_at, start_date = excluded.start_date,
      end_date = excluded.end_date, time_zone = excluded.time_zone, summary = excluded.summary,
      description = excluded.description, location = excluded.location, show_as = excluded.show_as,
      visibility = excluded.visibility, event_type = excluded.event_type, organizer = excluded.organizer,
      attendees = excluded.attendees, self_response = excluded.self_response, recurrence = excluded.recurrence,
      conference_url = excluded.conference_url, html_link = excluded.html_link, sequence = excluded.sequence,
      own_tag = excluded.own_tag, provider_created_at = excluded.provider_created_at,
      provider_updated_at = excluded.provider_updated_at, content_hash = excluded.content_hash,
      expanded_until = excluded.expanded_until, is_listed = excluded.is_listed, updated_at = public.calsync_now()
    returning t.id, t.provider_event_id, t.content_hash
  )
  select w.id, w.provider_event_id, b.provider_event_id is null
  from written w
  left join before b using (provider_event_id)
  where b.content_hash is distinct from w.content_hash
$$;
comment on function public.mirror_events is 'Upserts events; answers those that are new or whose content changed';

revoke execute on function public.mirror_events from public, anon, authenticated;
grant execute on function public.mirror_events to service_role;

-- sql/functions/31_mirror_occurrences.sql
-- Internal: makes the occurrences of the given events what p_wanted says, touching only rows that differ.
-- p_wanted: [{"event_id", "key", "start_at", "end_at", "start_date", "end_date"}]. An exception stands for
-- its instance, so its series has no row under that key. Answers the events of which a row was touched.
create function public.replace_occurrences(p_user_id uuid, p_calendar_id uuid, p_event_ids uuid[], p_wanted jsonb)
returns setof uuid language sql set search_path = '' as $$
  with wanted as materialized (
    select w.event_id, w.key, w.start_at, w.end_at, w.start_date, w.end_date
    from jsonb_to_recordset(p_wanted) as w (event_id uuid, key text, start_at timestamptz, end_at timestamptz,
                                            start_date date, end_date date)
    -- Looked up one by one: the planner takes a person whom the statistics do not know for one row.
    cross join lateral (
      select c.kind, c.provider_event_id from public.calendar_events c
      where c.user_id = p_user_id and c.id = w.event_id limit 1) e
    where e.kind <> 'series' or not exists (
      select 1 from public.calendar_events x
      where x.user_id = p_user_id and x.calendar_id = p_calendar_id and x.kind = 'exception'
        and x.series_event_id = e.provider_event_id and x.occurrence_key = w.key)
  ), gone as (
    delete from public.event_occurrences o
    where o.user_id = p_user_id and o.event_id = any (p_event_ids)
      and (o.event_id, o.occurrence_key) not in (select w.event_id, w.key from wanted w)
    returning o.event_id
  ), written as (
    insert into public.event_occurrences as o
      (user_id, calendar_id, event_id, occurrence_key, start_at, end_at, start_date, end_date)
    select p_user_id, p_calendar_id, w.event_id, w.key, w.start_at, w.end_at, w.start_date, w.end_date
    from wanted w
    on conflict (user_id, event_id, occurrence_key) do update set
      start_at = excluded.start_at, end_at = excluded.end_at,
      start_date = excluded.start_date, end_date = excluded.end_date
    where (o.start_at, o.end_at, o.start_date, o.end_date)
      is distinct from (excluded.start_at, excluded.end_at, excluded.start_date, excluded.end_date)
    returning o.event_id
  )
  select event_id from gone union select event_id from written
$$;
comment on function public.replace_occurrences is 'Sets the occurrences of events; rows that are right stay untouched';

-- Internal: the occurrences of changed events, taken from the page they came with. Answers as replace_occurrences.
create function public.mirror_occurrences(p_user_id uuid, p_calendar_id uuid, p_events jsonb, p_changed uuid[])
returns setof uuid language sql set search_path = '' as $$
  -- Instances that an exception of this page replaces leave their series.
  delete from public.event_occurrences where ctid = any (array(
    select o.ctid from unnest(p_changed) as changed (id)
    cross join lateral (
      select e.series_event_id, e.occurrence_key from public.calendar_events e
      where e.user_id = p_user_id and e.id = changed.id and e.kind = 'exception' limit 1) x
    cross join lateral (
      select e.id from public.calendar_events e
      where e.user_id = p_user_id and e.calendar_id = p_calendar_id
        and e.provider_event_id = x.series_event_id limit 1) m
    cross join lateral (
      select r.ctid from public.event_occurrences r
      where r.user_id = p_user_id and r.event_id = m.id and r.occurrence_key = x.occurrence_key limit 1) o));

  select * from public.replace_occurrences(p_user_id, p_calendar_id, p_changed, (
    select coalesce(jsonb_agg(w.item || jsonb_build_object('event_id', w.id)), '[]')
    from (
      select distinct on (e.id, o.item ->> 'key') e.id, o.item
      from jsonb_array_elements(p_events) with ordinality as p (event, position)
      cross join lateral (
        select c.id, c.content_hash from public.calendar_events c
        where c.user_id = p_user_id and c.calendar_id = p_calendar_id
          and c.provider_event_id = p.event ->> 'provider_event_id' limit 1) e
      cross join jsonb_array_elements(p.event -> 'occurrences') as o (item)
      where e.id = any (p_changed) and e.content_hash = p.event ->> 'content_hash'
      order by e.id, o.item ->> 'key', p.position desc
    ) w))
$$;
comment on function public.mirror_occurrences is 'Applies the occurrences that came with changed events';

revoke execute on function public.replace_occurrences from public, anon, authenticated;
grant execute on function public.replace_occurrences to service_role;
revoke execute on function public.mirror_occurrences from public, anon, authenticated;
grant execute on function public.mirror_occurrences to service_role;

-- sql/functions/32_mirror_meetings.sql
-- Internal: which of the changed events are meetings, and where they are joined.
create function public.mirror_meetings(p_user_id uuid, p_calendar_id uuid, p_events jsonb, p_changed uuid[])
returns table (created integer, updated integer) language sql set search_path = '' as $$
  -- Each item is looked up by itself and no two sets are joined, whatever the planner believes: a person
  -- whom the statistics do not know yet has one row to it.
  with wanted as materialized (
    select distinct on (e.id) e.id, p.event -> 'meeting' as meeting
    from jsonb_array_elements(p_events) with ordinality as p (event, position)
    cross join lateral (
      select c.id from public.calendar_events c
      where c.user_id = p_user_id and c.calendar_id = p_calendar_id
        and c.provider_event_id = p.event ->> 'provider_event_id'
      limit 1) e
    where e.id = any (p_changed)
    order by e.id, p.position desc
  ), gone as (
    delete from public.meetings m
    where m.user_id = p_user_id and m.event_id = any (array(
      select w.id from wanted w where jsonb_typeof(w.meeting) is distinct from 'object'))
  ), before as (
    select count(*) as meetings from wanted w
    cross join lateral (select from public.meetings m where m.user_id = p_user_id and m.event_id = w.id limit 1) m
    where jsonb_typeof(w.meeting) = 'object'
  ), written as (
    insert into public.meetings as m (user_id, event_id, calendar_id, url, platform, attendee_count)
    select p_user_id, w.id, p_calendar_id, w.meeting ->> 'url', w.meeting ->> 'platform',
           (w.meeting ->> 'attendee_count')::integer
    from wanted w where jsonb_typeof(w.meeting) = 'object'
    on conflict (user_id, event_id) do update set
      url = excluded.url, platform = excluded.platform, attendee_count = excluded.attendee_count,
      updated_at = public.calsync_now()
    returning m.event_id
  )
  select ((select count(*) from written) - b.meetings)::integer, b.meetings::integer
  from before b
$$;
comment on function public.mirror_meetings is 'Keeps meetings in step with changed events; counts created and updated';

revoke execute on function public.mirror_meetings from public, anon, authenticated;
grant execute on function public.mirror_meetings to service_role;

-- sql/functions/32_mirror_whole_events.sql
-- Internal: events that came with all their exceptions (a CalDAV resource, a series resent by Graph):
-- exceptions that are not in the page are gone, and the occurrences are what the page says even where
-- the content of the event did not change. Answers how many exceptions went, and which events had other
-- occurrences so far: a deleted occurrence may be all that changed.
create function public.mirror_whole_events(p_user_id uuid, p_calendar_id uuid, p_events jsonb,
                                           out gone integer, out touched uuid[])
language plpgsql set search_path = '' as $$
declare
  v_whole text[];
begin
  gone := 0;
  touched := '{}';
  select array_agg(e ->> 'provider_event_id') into v_whole
  from jsonb_array_elements(p_events) e where (e ->> 'is_whole')::boolean;
  if v_whole is null then
    return;
  end if;
  delete from public.calendar_events x
  where x.user_id = p_user_id and x.calendar_id = p_calendar_id and x.kind = 'exception'
    and x.series_event_id = any (v_whole)
    and not x.provider_event_id = any (array(select e ->> 'provider_event_id' from jsonb_array_elements(p_events) e));
  get diagnostics gone = row_count;
  touched := array(select public.mirror_occurrences(p_user_id, p_calendar_id, p_events, array(
    select e.id from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.provider_event_id = any (v_whole))));
end
$$;
comment on function public.mirror_whole_events is 'Removes vanished exceptions of events that came whole, and sets their occurrences';

revoke execute on function public.mirror_whole_events from public, anon, authenticated;
grant execute on function public.mirror_whole_events to service_role;

-- sql/functions/33_mirror_deletions.sql
-- Internal: removes events that are gone at the provider, a series with its exceptions. Where an
-- exception goes but its series stays, the series is marked for a new expansion.
create function public.mirror_deletions(p_user_id uuid, p_calendar_id uuid, p_provider_event_ids text[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_deleted integer;
begin
  perform public.forget_vanished_blocks(p_user_id, p_calendar_id, p_provider_event_ids);
  with gone as (
    delete from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = p_calendar_id
      and (e.provider_event_id = any (p_provider_event_ids)
           or (e.kind = 'exception' and e.series_event_id = any (p_provider_event_ids)))
    returning e.kind, e.series_event_id
  ), reopened as (
    update public.calendar_events m set expanded_until = null
    from (select distinct series_event_id from gone where kind = 'exception') x
    where m.user_id = p_user_id and m.calendar_id = p_calendar_id and m.kind = 'series' and not m.is_listed
      and m.provider_event_id = x.series_event_id
  )
  select count(*) into v_deleted from gone;
  perform public.miss_appointments(p_user_id, p_calendar_id, p_provider_event_ids);
  delete from public.refused_events r
  where r.user_id = p_user_id and r.calendar_id = p_calendar_id and r.provider_event_id = any (p_provider_event_ids);
  return v_deleted;
end
$$;
comment on function public.mirror_deletions is 'Deletes events by provider id; a series takes its exceptions along';

revoke execute on function public.mirror_deletions from public, anon, authenticated;
grant execute on function public.mirror_deletions to service_role;

-- sql/functions/34_mirror_refusals.sql
-- Internal: parks what the mirror cannot hold, and forgets what it holds by now. A refused version of
-- an event that was mirrored before replaces it: showing the old one would be a lie.
create function public.mirror_refusals(p_user_id uuid, p_calendar_id uuid, p_refusals jsonb, p_mirrored text[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_refused integer;
begin
  delete from public.refused_events r
  where r.user_id = p_user_id and r.calendar_id = p_calendar_id and r.provider_event_id = any (p_mirrored);
  insert into public.refused_events as r
    (user_id, calendar_id, provider_event_id, reason, detail, etag, refused_at)
  select distinct on (f.provider_event_id) p_user_id, p_calendar_id, f.provider_event_id, f.reason, f.detail,
    f.etag, public.calsync_now()
  from jsonb_to_recordset(p_refusals) as f (provider_event_id text, reason text, detail text, etag text)
  on conflict (user_id, calendar_id, provider_event_id) do update set
    reason = excluded.reason, detail = excluded.detail, etag = excluded.etag, refused_at = excluded.refused_at;
  get diagnostics v_refused = row_count;
  delete from public.calendar_events e
  using jsonb_to_recordset(p_refusals) as f (provider_event_id text)
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.provider_event_id = f.provider_event_id;
  -- A series that was called off takes its exceptions along; those of one that cannot be read stand alone.
  delete from public.calendar_events e
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.kind = 'exception'
    and e.series_event_id = any (array(
      select f.provider_event_id from jsonb_to_recordset(p_refusals) as f (provider_event_id text, reason text)
      where f.reason = 'called_off'));
  return v_refused;
end
$$;
comment on function public.mirror_refusals is 'Parks refused events with their reasons; counts them';

revoke execute on function public.mirror_refusals from public, anon, authenticated;
grant execute on function public.mirror_refusals to service_role;

-- sql/functions/35_sweep_unseen.sql
-- Internal: after the last page of a full sync, what was not seen is gone at the provider. Unless that
-- is nearly everything: a provider that suddenly answers "nothing there" must say so three times
-- before the mirror is emptied. Answers the number deleted, or null when the answer is not believed yet.
-- With p_from and p_until the listing was of that window: what does not touch it was not to be seen.
create function public.sweep_unseen(p_user_id uuid, p_calendar_id uuid, p_full_sync_id uuid,
                                    p_from timestamptz default null, p_until timestamptz default null)
returns integer language plpgsql set search_path = ''
-- Two sets of the size of a calendar are compared, with no statistics on the scratch table.
set enable_nestloop = off as $$
declare
  v_mirrored integer;
  v_unseen text[];
  v_empty_answers integer;
begin
  select count(*) into v_mirrored from public.events_in_scope(p_user_id, p_calendar_id, p_from, p_until);
  select coalesce(array_agg(u.provider_event_id), '{}') into v_unseen from (
    select e.provider_event_id from public.events_in_scope(p_user_id, p_calendar_id, p_from, p_until) e
    union
    select r.provider_event_id from public.refused_events r
    where r.user_id = p_user_id and r.calendar_id = p_calendar_id
  ) u
  where not exists (
    select 1 from calsync_private.full_sync_seen s
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id and s.full_sync_id = p_full_sync_id
      and s.provider_event_id = u.provider_event_id);
  delete from calsync_private.full_sync_seen s where s.user_id = p_user_id and s.calendar_id = p_calendar_id;

  if v_mirrored >= 5 and cardinality(v_unseen) > 0.9 * v_mirrored then
    update public.calendar_sync_states s set empty_answers = s.empty_answers + 1
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id
    returning s.empty_answers into v_empty_answers;
    if v_empty_answers < 3 then
      return null;
    end if;
  end if;
  update public.calendar_sync_states s set empty_answers = 0
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id and s.empty_answers > 0;
  return public.mirror_deletions(p_user_id, p_calendar_id, v_unseen);
end
$$;
comment on function public.sweep_unseen is 'Deletes what a finished full sync did not see; null when too much vanished to be believed at once';

revoke execute on function public.sweep_unseen from public, anon, authenticated;
grant execute on function public.sweep_unseen to service_role;

-- sql/functions/36_webhook_failure.sql
-- Internal: counts a failure of push and does what the table in DESIGN says: below 5 retry with
-- backoff, from 5 keep polling and trying, from 10 give push up until an operator brings it back.
create function public.count_webhook_failure(p_user_id uuid, p_calendar_id uuid, p_reason text)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_failures integer;
begin
  update public.calendar_sync_states s set
    webhook_failures = s.webhook_failures + 1, last_webhook_failure_at = v_now,
    -- 1 2 4 8 minutes, then every hour.
    subscription_due_at = v_now + case when s.webhook_failures < 4
      then make_interval(mins => (2 ^ s.webhook_failures)::integer) else interval '1 hour' end
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id
  returning s.webhook_failures into v_failures;
  if v_failures >= (public.calsync_limits()).give_up_after then
    perform public.give_push_up(p_user_id, p_calendar_id, 'given_up');
    perform public.open_alert(p_user_id, c.account_id, p_calendar_id, 'push_given_up', 'high',
      format('Push failed %s times in a row (%s); the calendar is polled. Bring push back with: calsync renew --calendar %s',
             v_failures, p_reason, p_calendar_id))
    from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
  end if;
end
$$;
comment on function public.count_webhook_failure is 'One more failure of push in a row, and its consequence';

-- Internal: push is over for this calendar; what still delivers is stopped at the provider.
create function public.give_push_up(p_user_id uuid, p_calendar_id uuid, p_push text)
returns void language sql set search_path = '' as $$
  update public.calendar_sync_states set push = p_push
  where user_id = p_user_id and calendar_id = p_calendar_id;
  update public.webhook_subscriptions
  set status = 'retiring', retired_at = public.calsync_now(), stop_due_at = public.calsync_now()
  where user_id = p_user_id and calendar_id = p_calendar_id and status in ('pending', 'active')
$$;
comment on function public.give_push_up is 'Ends push for a calendar: unsupported, given up, or turned off';

revoke execute on function public.count_webhook_failure from public, anon, authenticated;
grant execute on function public.count_webhook_failure to service_role;
revoke execute on function public.give_push_up from public, anon, authenticated;
grant execute on function public.give_push_up to service_role;

-- sql/functions/37_judge_push.sql
-- Internal: what a finished poll says about push. Silence is not failure: a poll that finds nothing
-- verifies the subscription. A poll that finds a change which the subscription should have announced
-- (made while it was active, longer ago than the grace) counts a failure and has it repaired.
create function public.judge_push(p_user_id uuid, p_calendar_id uuid, p_log public.calendar_sync_logs,
                                  p_state public.calendar_sync_states)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_active_since timestamptz;
  v_found constant integer := p_log.events_created + p_log.events_updated + p_log.events_deleted;
begin
  if p_log.sync_type <> 'incremental' then
    return;
  end if;
  select activated_at into v_active_since from public.webhook_subscriptions
  where user_id = p_user_id and calendar_id = p_calendar_id and status = 'active' and expires_at > v_now;
  if v_active_since is null then
    return;
  end if;
  if v_found = 0 then
    update public.calendar_sync_states set verified_at = v_now
    where user_id = p_user_id and calendar_id = p_calendar_id;
  elsif coalesce(p_log.changed_at, v_active_since) between v_active_since and v_now - (public.calsync_limits()).missed_change_grace
        and p_state.unserved_since is null then
    perform public.count_webhook_failure(p_user_id, p_calendar_id, 'missed_change');
  end if;
end
$$;
comment on function public.judge_push is 'Verifies push by a poll that found nothing, or counts a missed change';

revoke execute on function public.judge_push from public, anon, authenticated;
grant execute on function public.judge_push to service_role;

-- sql/functions/38_finish_sync.sql
-- Internal: the last page is in: moves the cursor, judges push, settles the log and gives the lease back.
-- What arrived meanwhile (change_seq moved) makes the calendar due again at once, but in a storm (more than
-- 20 notifications while it synced) only a second later: the storm is served by that one sync.
create function public.finish_sync(p_state public.calendar_sync_states, p_account_id uuid, p_progress jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_again constant boolean := p_state.change_seq > p_state.claimed_seq;
  v_pause constant interval := case when p_state.change_seq - p_state.claimed_seq > 20
                                    then interval '1 second' else interval '0' end;
  v_log public.calendar_sync_logs;
begin
  update public.calendar_sync_logs l set status = 'success', finished_at = v_now
  where l.user_id = p_state.user_id and l.created_at = p_state.claimed_at and l.id = p_state.log_id
  returning l.* into v_log;

  update public.calendar_sync_states s set
    sync_token = p_progress ->> 'cursor', page_token = null, full_sync_id = null,
    lease_holder = null, lease_expires_at = null,
    due_at = case when v_again then v_now + v_pause
                  else v_now + make_interval(secs => (p_progress ->> 'next_due_seconds')::double precision) end,
    due_reason = case when v_again then s.due_reason else 'polling' end,
    not_before = case when v_pause > interval '0' then v_now + v_pause end, attempts = 0, dead_at = null,
    last_error_code = null, last_error_message = null, last_error_at = null,
    last_sync_at = v_now, read_epoch = public.calsync_epoch(),
    last_poll_at = case when v_log.trigger = 'webhook' then s.last_poll_at else v_now end,
    last_full_sync_at = case when v_log.sync_type = 'full' then v_now else s.last_full_sync_at end,
    quiet_syncs = case when v_log.events_created + v_log.events_updated + v_log.events_deleted = 0
                       then s.quiet_syncs + 1 else 0 end,
    unserved_since = case when v_again and s.unserved_since is not null then s.last_webhook_received end,
    -- From here on the window is moved by slide_windows alone, with the occurrences in it.
    window_start = coalesce(s.window_start, (p_progress ->> 'window_start')::timestamptz),
    window_end = coalesce(s.window_end, (p_progress ->> 'window_end')::timestamptz),
    updated_at = v_now
  where s.user_id = p_state.user_id and s.calendar_id = p_state.calendar_id;

  perform public.judge_push(p_state.user_id, p_state.calendar_id, v_log, p_state);
  perform public.note_cost(p_state.user_id, p_state.calendar_id, 0, 1, (v_log.trigger = 'polling')::integer, 0);
  perform public.resolve_alerts(p_state.user_id, p_state.calendar_id, array['sync_failing', 'emptied']);
  update public.calendar_accounts a set blocked_until = null, quota_strikes = 0
  where a.user_id = p_state.user_id and a.id = p_account_id and a.quota_strikes > 0
    -- A block that began while this sync ran stays: another calendar of the account ran into it.
    and a.blocked_until <= v_now;
  delete from calsync_private.provider_circuits c using public.calendar_accounts a
  where a.user_id = p_state.user_id and a.id = p_account_id and c.provider = a.provider;
  if v_again then
    perform pg_notify('calsync_due', '');
  end if;
end
$$;
comment on function public.finish_sync is 'Settles a sync with its last page: cursor, log, push verdict, next due time, lease';

revoke execute on function public.finish_sync from public, anon, authenticated;
grant execute on function public.finish_sync to service_role;

-- sql/functions/39_apply_changes.sql
-- Applies one page of changes for the holder of the lease, in one transaction.
-- p_changes: {"events": [...], "deletions": [{"provider_event_id", "deleted_at"}], "refusals": [...]}
-- p_progress, not the last page: {"api_calls", "next_page", "lease_seconds"}; the lease is extended, and a
-- full sync resumes at next_page after a crash.
-- p_progress, the last page: {"api_calls", "cursor", "next_due_seconds", "window_start", "window_end"};
-- the cursor moves only here, together with the rows that it covers and the busy blocks that they call for.
-- Either may have {"listed_from", "listed_until"}: a provider that shows a window only lists it from scratch.
-- Without JIT, which is on by default: compiling its statements anew in each session took up to half a second.
create function public.apply_changes(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint,
                                     p_changes jsonb, p_progress jsonb)
returns table (finished boolean, processed integer, created integer, updated integer, deleted integer,
               refused integer, api_calls integer)
language plpgsql set search_path = '' set jit = off as $$
#variable_conflict use_column
declare
  v_state public.calendar_sync_states;
  v_account_id uuid;
  v_changed uuid[];
  v_new integer;
  v_deleted integer;
  v_refused integer;
  v_swept integer := 0;
  v_whole record;
  v_meetings record;
  v_changed_at timestamptz;
  v_touched boolean;
  v_last constant boolean := p_progress ? 'cursor';
  v_calls constant integer := (p_progress ->> 'api_calls')::integer;
begin
  v_state := public.hold_lease(p_user_id, p_calendar_id, p_lease_token);
  perform public.lock_person(p_user_id);
  select account_id into v_account_id from public.calendars where user_id = p_user_id and id = p_calendar_id;

  select coalesce(array_agg(m.event_id), '{}'), count(*) filter (where m.is_new) into v_changed, v_new
  from public.mirror_events(p_user_id, p_calendar_id, p_changes -> 'events') m;
  perform public.mirror_occurrences(p_user_id, p_calendar_id, p_changes -> 'events', v_changed);
  select * into v_whole from public.mirror_whole_events(p_user_id, p_calendar_id, p_changes -> 'events');
  v_deleted := v_whole.gone;
  if not p_progress ? 'listed_from' then
    -- An occurrence less is an update of its series; but one more, since the window slid, is none.
    v_changed := array(select unnest(v_changed) union select unnest(v_whole.touched));
  end if;
  select * into v_meetings from public.mirror_meetings(p_user_id, p_calendar_id, p_changes -> 'events', v_changed);
  v_refused := public.mirror_refusals(p_user_id, p_calendar_id, p_changes -> 'refusals',
    array(select e ->> 'provider_event_id' from jsonb_array_elements(p_changes -> 'events') e));
  v_deleted := v_deleted + public.mirror_deletions(p_user_id, p_calendar_id,
    array(select d ->> 'provider_event_id' from jsonb_array_elements(p_changes -> 'deletions') d));

  perform public.sight_appointments(p_user_id, p_calendar_id, p_changes);

  if p_progress ? 'listed_from' and v_state.full_sync_id is null then
    -- The window slid beyond the cursor's: what began as an incremental sync is a full one.
    update public.calendar_sync_states s set full_sync_id = gen_random_uuid()
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id
    returning s.full_sync_id into v_state.full_sync_id;
    update public.calendar_sync_logs l set sync_type = 'full'
    where l.user_id = p_user_id and l.created_at = v_state.claimed_at and l.id = v_state.log_id;
  end if;
  if v_state.full_sync_id is not null then
    insert into calsync_private.full_sync_seen (user_id, calendar_id, full_sync_id, provider_event_id)
    select p_user_id, p_calendar_id, v_state.full_sync_id, e ->> 'provider_event_id'
    from jsonb_array_elements((p_changes -> 'events') || (p_changes -> 'refusals')) e
    on conflict do nothing;
    if v_last then
      v_swept := public.sweep_unseen(p_user_id, p_calendar_id, v_state.full_sync_id,
        (p_progress ->> 'listed_from')::timestamptz, (p_progress ->> 'listed_until')::timestamptz);
    end if;
  end if;

  update public.calendar_sync_logs l set
    events_processed = l.events_processed + jsonb_array_length(p_changes -> 'events')
      + jsonb_array_length(p_changes -> 'deletions') + jsonb_array_length(p_changes -> 'refusals'),
    events_created = l.events_created + v_new,
    events_updated = l.events_updated + cardinality(v_changed) - v_new,
    events_deleted = l.events_deleted + v_deleted + coalesce(v_swept, 0),
    events_refused = l.events_refused + v_refused,
    meetings_created = l.meetings_created + v_meetings.created,
    meetings_updated = l.meetings_updated + v_meetings.updated,
    api_calls = l.api_calls + v_calls,
    changed_at = case when l.sync_type <> 'full' then least(l.changed_at, (
      select min(t.at) from (
        select (e ->> 'provider_updated_at')::timestamptz as at
        from jsonb_array_elements(p_changes -> 'events') e
        join public.calendar_events c on c.user_id = p_user_id and c.calendar_id = p_calendar_id
          and c.provider_event_id = e ->> 'provider_event_id' and c.id = any (v_changed)
        union all
        select (d ->> 'deleted_at')::timestamptz from jsonb_array_elements(p_changes -> 'deletions') d
      ) t)) end
  where l.user_id = p_user_id and l.created_at = v_state.claimed_at and l.id = v_state.log_id
  returning l.events_processed, l.events_created, l.events_updated, l.events_deleted, l.events_refused, l.api_calls,
    l.changed_at
  into processed, created, updated, deleted, refused, api_calls, v_changed_at;

  -- An event that only has another etag may be a busy block.
  v_touched := jsonb_array_length((p_changes -> 'events') || (p_changes -> 'deletions')) > 0 or v_swept > 0;
  if v_last and v_swept is not null
     and (v_touched or v_state.blocks_due_at is not null or v_state.read_epoch is distinct from public.calsync_epoch()) then
    perform public.log_planned_blocks(v_state, coalesce(v_changed_at, v_state.blocks_due_at, public.calsync_now()));
  end if;

  perform public.note_cost(p_user_id, p_calendar_id, v_calls, 0, 0, 0);
  perform public.spend_budget(p_user_id, v_account_id, v_calls);

  if not v_last then
    update public.calendar_sync_states s set
      page_token = case when s.full_sync_id is not null then p_progress ->> 'next_page' end,
      blocks_due_at = case when v_touched then least(s.blocks_due_at, public.calsync_now()) else s.blocks_due_at end,
      lease_expires_at = public.calsync_now() + make_interval(secs => (p_progress ->> 'lease_seconds')::double precision),
      due_at = public.calsync_now() + make_interval(secs => (p_progress ->> 'lease_seconds')::double precision)
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
    finished := false;
  elsif v_swept is null then
    -- Asked again from the start: what this listing named is forgotten.
    update public.calendar_sync_states s set page_token = null, full_sync_id = null
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
    perform public.settle_failed_sync(p_user_id, p_calendar_id, p_lease_token, 'retry', 300, false,
      'emptied_unconfirmed', 'The provider listed almost none of the mirrored events; asked again before any is deleted', 0);
    perform public.open_alert(p_user_id, v_account_id, p_calendar_id, 'emptied', 'high',
      'The provider suddenly lists almost nothing; the mirror is kept until it has said so three times');
    finished := false;
  else
    perform public.finish_sync(v_state, v_account_id, p_progress);
    finished := true;
  end if;
  return next;
end
$$;
comment on function public.apply_changes is 'Applies a page of changes for the lease holder; the last page moves the cursor and ends the sync';

revoke execute on function public.apply_changes from public, anon, authenticated;
grant execute on function public.apply_changes to service_role;

-- sql/functions/40_settle_failed_sync.sql
-- A sync failed: gives the lease back and does what the failure means. The cursor does not move.
-- retry: later, counted; quota: the whole account waits, nothing is counted; resync: the cursor is
-- dropped; reauthorize: the account waits for its person; give_up: a dead letter at once.
create function public.settle_failed_sync(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint, p_failure text,
  p_delay_seconds double precision, p_dead boolean, p_error_code text, p_error_message text, p_api_calls integer)
returns table (due_at timestamptz) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_state public.calendar_sync_states;
  v_account public.calendar_accounts;
  v_until constant timestamptz := v_now + make_interval(secs => p_delay_seconds);
  v_trigger text;
begin
  if p_failure not in ('retry', 'quota', 'reauthorize', 'resync', 'give_up') then
    raise exception 'unknown failure %', p_failure using errcode = 'CS003';
  end if;
  v_state := public.hold_lease(p_user_id, p_calendar_id, p_lease_token);
  select a.* into v_account from public.calendar_accounts a
  join public.calendars c on c.user_id = a.user_id and c.account_id = a.id
  where c.user_id = p_user_id and c.id = p_calendar_id;

  update public.calendar_sync_logs l set status = 'failed', finished_at = v_now, api_calls = l.api_calls + p_api_calls,
    error_code = p_error_code, error_message = p_error_message
  where l.user_id = p_user_id and l.created_at = v_state.claimed_at and l.id = v_state.log_id
  returning l.trigger into v_trigger;
  perform public.note_cost(p_user_id, p_calendar_id, p_api_calls, 0, 0, 0);
  perform public.spend_budget(p_user_id, v_account.id, p_api_calls);

  update public.calendar_sync_states s set
    lease_holder = null, lease_expires_at = null,
    attempts = s.attempts + (p_failure not in ('quota', 'reauthorize'))::integer,
    due_at = v_until, not_before = v_until,
    due_reason = case when p_failure = 'resync' then 'repair'
                      when s.change_seq > s.claimed_seq then s.due_reason else v_trigger end,
    sync_token = case when p_failure = 'resync' then null else s.sync_token end,
    page_token = case when p_failure = 'resync' then null else s.page_token end,
    full_sync_id = case when p_failure = 'resync' then null else s.full_sync_id end,
    dead_at = case when p_dead then coalesce(s.dead_at, v_now) end,
    last_error_code = p_error_code, last_error_message = p_error_message, last_error_at = v_now, updated_at = v_now
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;

  if p_failure = 'quota' then
    perform public.block_account(p_user_id, v_account.id, v_until);
  elsif p_failure = 'reauthorize' then
    perform public.require_reauthorization(p_user_id, v_account.id, p_error_code);
  elsif p_dead then
    perform public.open_alert(p_user_id, v_account.id, p_calendar_id, 'sync_failing', 'critical',
      format('Sync fails again and again (%s); replay it with: calsync dead-letters replay %s', p_error_code, p_calendar_id));
  end if;
  if p_failure = 'retry' and p_error_code in ('provider_unavailable', 'network') then
    perform public.trip_circuit(v_account.provider);
  end if;
  return query select v_until;
end
$$;
comment on function public.settle_failed_sync is 'Ends a failed sync for the lease holder and schedules what its failure calls for';

revoke execute on function public.settle_failed_sync from public, anon, authenticated;
grant execute on function public.settle_failed_sync to service_role;

-- sql/functions/41_account_trouble.sql
-- Internal: quota trouble: the account waits, and nothing else follows from it.
create function public.block_account(p_user_id uuid, p_account_id uuid, p_until timestamptz)
returns void language sql set search_path = '' as $$
  update public.calendar_accounts set
    blocked_until = greatest(blocked_until, p_until), quota_strikes = quota_strikes + 1, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_account_id
$$;
comment on function public.block_account is 'No call for this account before p_until';

-- Access to an account was lost: its calendars leave the queue until the person reconnects.
create function public.require_reauthorization(p_user_id uuid, p_account_id uuid, p_reason text)
returns void language plpgsql set search_path = '' as $$
begin
  update public.calendar_accounts set status = 'needs_reauth', status_reason = p_reason, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_account_id and status = 'active';
  if not found then
    return;
  end if;
  update public.calendar_sync_states s set due_at = 'infinity', subscription_due_at = 'infinity'
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id
    and s.user_id = c.user_id and s.calendar_id = c.id and s.lease_holder is null;
  perform public.open_alert(p_user_id, p_account_id, null, 'access_lost', 'critical',
    format('Access to the account was lost (%s); the person must reconnect it: calsync connect', p_reason));
end
$$;
comment on function public.require_reauthorization is 'active → needs_reauth: the person must reconnect';

-- Internal: five failures in a row of a provider (network, 5xx) leave it alone for a minute, then two, up to half an hour.
create function public.trip_circuit(p_provider text)
returns void language sql set search_path = '' as $$
  insert into calsync_private.provider_circuits as c (provider, failures, updated_at)
  values (p_provider, 1, public.calsync_now())
  on conflict (provider) do update set
    failures = c.failures + 1, updated_at = public.calsync_now(),
    open_until = case when c.failures + 1 >= 5
      then public.calsync_now() + least(interval '30 minutes', interval '1 minute' * 2 ^ least((c.failures + 1) / 5 - 1, 6)) end
$$;
comment on function public.trip_circuit is 'Counts a provider failure; opens the circuit at every fifth in a row';

-- A delivery of writes met what concerns its whole account: quota trouble, or lost access.
create function public.note_account_trouble(p_user_id uuid, p_account_id uuid, p_failure text,
                                            p_delay_seconds double precision, p_reason text)
returns void language plpgsql set search_path = '' as $$
begin
  if p_failure = 'quota' then
    perform public.block_account(p_user_id, p_account_id, public.calsync_now() + make_interval(secs => p_delay_seconds));
  elsif p_failure = 'reauthorize' then
    perform public.require_reauthorization(p_user_id, p_account_id, p_reason);
  else
    raise exception 'unknown failure %', p_failure using errcode = 'CS003', hint = 'Use quota or reauthorize.';
  end if;
end
$$;
comment on function public.note_account_trouble is 'Quota: the account waits; lost access: the person must reconnect';

revoke execute on function public.block_account from public, anon, authenticated;
grant execute on function public.block_account to service_role;
revoke execute on function public.require_reauthorization from public, anon, authenticated;
grant execute on function public.require_reauthorization to service_role;
revoke execute on function public.trip_circuit from public, anon, authenticated;
grant execute on function public.trip_circuit to service_role;
revoke execute on function public.note_account_trouble from public, anon, authenticated;
grant execute on function public.note_account_trouble to service_role;

-- sql/functions/50_claim_due_subscriptions.sql
-- Takes calendars whose push subscription is to be made, renewed or repaired. The pending row is written
-- here, before the provider is asked. Its due time moves two minutes ahead, so that a worker that
-- dies is followed by another; a pending row it left behind is retired (or forgotten, where it never answered).
-- Microsoft lets no two overlap: the active row is given back with the id to prolong (renews), and none is opened.
create function public.claim_due_subscriptions(p_limit integer, p_user_id uuid default null, p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text, sealed text,
               subscription_id uuid, renews text, webhook_failures integer, now timestamptz)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  return query
  with due as (
    select s.user_id, s.calendar_id, s.webhook_failures
    from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.subscription_due_at <= v_now and s.push = 'wanted'
      and (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and c.sync_enabled and c.removed_at is null and a.status = 'active' and a.provider <> 'caldav'
      and (a.blocked_until is null or a.blocked_until <= v_now)
      and not exists (select 1 from calsync_private.provider_circuits p
                      where p.provider = a.provider and p.open_until > v_now)
    order by s.subscription_due_at
    limit p_limit
    for update of s skip locked
  ), taken as (
    update public.calendar_sync_states s set subscription_due_at = v_now + interval '2 minutes'
    from due d where s.user_id = d.user_id and s.calendar_id = d.calendar_id
    returning s.user_id, s.calendar_id, s.webhook_failures
  ), left_behind as (
    update public.webhook_subscriptions w set
      status = case when w.resource_id is null then 'failed' else 'retiring' end,
      error_code = 'unanswered', updated_at = v_now, retired_at = v_now, stop_due_at = v_now,
      ended_at = case when w.resource_id is null then v_now end
    from taken t
    where w.user_id = t.user_id and w.calendar_id = t.calendar_id and w.status = 'pending'
    returning w.user_id
  ), opened as (
    select t.*, gen_random_uuid() as subscription_id, (select count(*) from left_behind) as left_behind
    from taken t
  ), prolonged as (
    select w.user_id, w.calendar_id, w.id, w.channel_id
    from taken t
    join public.calendars c on c.user_id = t.user_id and c.id = t.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id and a.provider = 'microsoft'
    join public.webhook_subscriptions w
      on w.user_id = t.user_id and w.calendar_id = t.calendar_id and w.status = 'active'
  )
  select o.user_id, o.calendar_id, c.account_id, a.provider, c.provider_calendar_id,
    public.sealed_credentials(o.user_id, c.account_id),
    coalesce(w.id, public.open_subscription(o.user_id, o.calendar_id, o.subscription_id)), w.channel_id,
    o.webhook_failures, v_now
  from opened o
  left join prolonged w on w.user_id = o.user_id and w.calendar_id = o.calendar_id
  join public.calendars c on c.user_id = o.user_id and c.id = o.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id;
end
$$;
comment on function public.claim_due_subscriptions is 'Opens pending webhook subscriptions where one is to be made, renewed or repaired';

-- Internal: the pending row, written before the provider is asked; its id is the channel id we propose.
create function public.open_subscription(p_user_id uuid, p_calendar_id uuid, p_id uuid)
returns uuid language sql set search_path = '' as $$
  insert into public.webhook_subscriptions (user_id, id, calendar_id, channel_id, status)
  values (p_user_id, p_id, p_calendar_id, p_id::text, 'pending')
  returning id
$$;
comment on function public.open_subscription is 'Writes a pending webhook subscription';

revoke execute on function public.claim_due_subscriptions from public, anon, authenticated;
grant execute on function public.claim_due_subscriptions to service_role;
revoke execute on function public.open_subscription from public, anon, authenticated;
grant execute on function public.open_subscription to service_role;

-- sql/functions/51_fail_subscription.sql
-- The provider refused a subscription. Quota never counts; a calendar that cannot have push at all is
-- polled from now on; everything else counts as a failure of push. One that was only to be prolonged
-- (p_renewing) lives on until it ends.
create function public.fail_subscription(p_user_id uuid, p_id uuid, p_failure text, p_delay_seconds double precision,
                                         p_error_code text, p_error_message text,
                                         p_renewing boolean default false)
returns table (status text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_sub public.webhook_subscriptions;
  v_account_id uuid;
begin
  update public.webhook_subscriptions s
  set status = case when p_renewing then s.status else 'failed' end, ended_at = case when not p_renewing then v_now end,
    error_code = p_error_code, error_message = p_error_message, updated_at = v_now
  where s.user_id = p_user_id and s.id = p_id and s.status = case when p_renewing then 'active' else 'pending' end
  returning s.* into v_sub;
  if not found then
    -- Its first notification came although the answer did not: it works.
    return query select s.status from public.webhook_subscriptions s where s.user_id = p_user_id and s.id = p_id;
    return;
  end if;
  select c.account_id into v_account_id from public.calendars c where c.user_id = p_user_id and c.id = v_sub.calendar_id;
  case p_failure
    when 'quota' then
      perform public.block_account(p_user_id, v_account_id, v_now + make_interval(secs => p_delay_seconds));
      update public.calendar_sync_states s set subscription_due_at = v_now + make_interval(secs => p_delay_seconds)
      where s.user_id = p_user_id and s.calendar_id = v_sub.calendar_id;
    when 'reauthorize' then
      perform public.require_reauthorization(p_user_id, v_account_id, p_error_code);
    when 'give_up' then
      perform public.give_push_up(p_user_id, v_sub.calendar_id, 'unsupported');
      perform public.make_due(p_user_id, v_sub.calendar_id, 'polling');
    else
      perform public.count_webhook_failure(p_user_id, v_sub.calendar_id, p_error_code);
  end case;
  return query select v_sub.status;
end
$$;
comment on function public.fail_subscription is 'pending → failed (an active one stays), and what the failure calls for';

revoke execute on function public.fail_subscription from public, anon, authenticated;
grant execute on function public.fail_subscription to service_role;

-- sql/functions/52_stops.sql
-- Takes retiring subscriptions that are to be stopped at the provider. One whose resource id is not
-- known cannot be stopped; it is, as soon as a notification of its own tells the id, or it expires. p_account_id asks
-- for those of one account.
create function public.claim_due_stops(p_limit integer, p_account_id uuid default null)
returns table (user_id uuid, id uuid, account_id uuid, provider text, provider_calendar_id text, sealed text,
               channel_id text, resource_id text, stop_attempts integer)
language sql set search_path = '' as $$
  with taken as (
    select w.user_id, w.id
    from public.webhook_subscriptions w
    join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where w.status = 'retiring' and w.stop_due_at <= public.calsync_now() and w.resource_id is not null
      and a.status in ('active', 'disconnecting') and (p_account_id is null or a.id = p_account_id)
      and (a.blocked_until is null or a.blocked_until <= public.calsync_now())
    order by w.stop_due_at
    limit p_limit
    for update of w skip locked
  ), claimed as (
    update public.webhook_subscriptions w set stop_due_at = public.calsync_now() + interval '2 minutes'
    from taken t where w.user_id = t.user_id and w.id = t.id
    returning w.*
  )
  select w.user_id, w.id, c.account_id, a.provider, c.provider_calendar_id,
    public.sealed_credentials(w.user_id, c.account_id), w.channel_id, w.resource_id, w.stop_attempts
  from claimed w
  join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
$$;
comment on function public.claim_due_stops is 'Retiring webhook subscriptions that are to be stopped at the provider now';

-- The provider stopped it (or never knew it).
create function public.settle_stopped_subscription(p_user_id uuid, p_id uuid)
returns void language sql set search_path = '' as $$
  update public.webhook_subscriptions
  set status = 'stopped', ended_at = public.calsync_now(), updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_id and status = 'retiring'
$$;
comment on function public.settle_stopped_subscription is 'retiring → stopped';

-- It could not be stopped now; tried again later, until it expires by itself. Refused for good counts six times: the
-- end of an account does not wait for it any more (has_channels).
create function public.postpone_stop(p_user_id uuid, p_id uuid, p_delay_seconds double precision, p_error_code text,
                                     p_failure text default 'retry')
returns void language sql set search_path = '' as $$
  update public.webhook_subscriptions set
    stop_due_at = public.calsync_now() + make_interval(secs => p_delay_seconds),
    stop_attempts = stop_attempts + case when p_failure in ('reauthorize', 'give_up') then 6 else 1 end, error_code = p_error_code, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_id and status = 'retiring'
$$;
comment on function public.postpone_stop is 'Another attempt to stop a retiring webhook subscription, later';

-- What ran out is over. A calendar whose subscription lapsed unrenewed gets a new one at once, and is
-- read, since nobody announced what changed after the end.
create function public.expire_subscriptions()
returns table (expired integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_lapsed record;
  v_expired integer := 0;
begin
  for v_lapsed in
    with lapsed as (
      select w.user_id, w.id, w.status from public.webhook_subscriptions w
      where w.status in ('pending', 'active', 'retiring') and w.expires_at <= v_now
      for update skip locked
    )
    update public.webhook_subscriptions w set status = 'expired', ended_at = v_now, updated_at = v_now
    from lapsed l where w.user_id = l.user_id and w.id = l.id
    returning w.user_id, w.calendar_id, l.status = 'active' as was_active
  loop
    v_expired := v_expired + 1;
    if v_lapsed.was_active then
      update public.calendar_sync_states s set subscription_due_at = least(s.subscription_due_at, v_now)
      where s.user_id = v_lapsed.user_id and s.calendar_id = v_lapsed.calendar_id;
      perform public.make_due(v_lapsed.user_id, v_lapsed.calendar_id, 'polling');
    end if;
  end loop;
  return query select v_expired;
end
$$;
comment on function public.expire_subscriptions is 'active, pending, retiring → expired where the time ran out';

-- Renewal: subscriptions that end within the lead are due for a replacement now. Used by the 12-hour cron;
-- with p_user_id or p_calendar_id an operator asks, and push that was given up is tried again.
create function public.make_renewals_due(p_lead_seconds double precision, p_user_id uuid default null,
                                         p_calendar_id uuid default null)
returns table (due integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_asked constant boolean := p_user_id is not null or p_calendar_id is not null;
  v_due integer;
begin
  if v_asked then
    update public.calendar_sync_states s set push = 'wanted', webhook_failures = 0
    where s.push = 'given_up' and (p_user_id is null or s.user_id = p_user_id)
      and (p_calendar_id is null or s.calendar_id = p_calendar_id);
  end if;
  update public.calendar_sync_states s set subscription_due_at = v_now
  where s.push = 'wanted' and s.subscription_due_at > v_now and s.subscription_due_at <> 'infinity'
    and (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    and (v_asked or exists (
      select 1 from public.webhook_subscriptions w
      where w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status = 'active'
        and w.expires_at <= v_now + make_interval(secs => p_lead_seconds)));
  get diagnostics v_due = row_count;
  return query select v_due;
end
$$;
comment on function public.make_renewals_due is 'Makes webhook subscriptions due for renewal that end within the lead, or that an operator names';

revoke execute on function public.claim_due_stops from public, anon, authenticated;
grant execute on function public.claim_due_stops to service_role;
revoke execute on function public.settle_stopped_subscription from public, anon, authenticated;
grant execute on function public.settle_stopped_subscription to service_role;
revoke execute on function public.postpone_stop from public, anon, authenticated;
grant execute on function public.postpone_stop to service_role;
revoke execute on function public.expire_subscriptions from public, anon, authenticated;
grant execute on function public.expire_subscriptions to service_role;
revoke execute on function public.make_renewals_due from public, anon, authenticated;
grant execute on function public.make_renewals_due to service_role;

-- sql/functions/60_polling.sql
-- A person or a cron asks for a poll. Smart: where a webhook came (or a sync ran) within p_stale_seconds and push
-- is healthy, the poll is skipped and counted as skipped; p_stale_seconds = 0 polls in any case. The sync
-- that serves a request has a lease token above the one answered here.
create function public.request_polls(p_stale_seconds double precision, p_reason text, p_limit integer,
                                     p_user_id uuid default null, p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, skipped boolean, lease_token bigint, now timestamptz) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_fresh_since constant timestamptz := v_now - make_interval(secs => p_stale_seconds);
begin
  if p_reason not in ('polling', 'manual', 'repair') then
    raise exception 'unknown reason %', p_reason using errcode = 'CS003', hint = 'Use polling, manual or repair.';
  end if;
  return query
  with asked as materialized (
    select s.user_id, s.calendar_id, s.lease_token, p_stale_seconds > 0 and s.sync_token is not null and s.attempts = 0
        and public.is_listening(s.user_id, s.calendar_id, s.webhook_failures, v_now)
        and greatest(s.last_webhook_received, s.verified_at, w.activated_at) > v_fresh_since as healthy
    from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    left join public.webhook_subscriptions w
      on w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status = 'active'
    where (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and c.sync_enabled and c.removed_at is null and a.status = 'active'
    order by s.last_sync_at nulls first
    limit p_limit
  )
  select k.user_id, k.calendar_id,
    case when k.healthy then public.skip_poll(k.user_id, k.calendar_id)
         else not public.make_due(k.user_id, k.calendar_id, p_reason) end,
    k.lease_token, v_now
  from asked k;
end
$$;
comment on function public.request_polls is 'Makes calendars due whose push is stale; skips and counts the healthy ones';

-- How many of these calendars may still be served within so many seconds: somebody is syncing them, or they come due
-- and nothing stops them. p_polls: [{"user_id": …, "calendar_id": …}, …]. Whoever asked for polls waits for these, and for no others.
create function public.count_pending_polls(p_polls jsonb, p_seconds double precision)
returns table (pending bigint) language sql stable set search_path = '' as $$
  with clock as (
    select public.calsync_now() as now, public.calsync_now() + make_interval(secs => p_seconds) as until
  )
  select count(*)
  from clock t
  cross join jsonb_to_recordset(p_polls) k (user_id uuid, calendar_id uuid)
  join public.calendar_sync_states s on s.user_id = k.user_id and s.calendar_id = k.calendar_id
  join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where (s.lease_holder is not null and s.lease_expires_at > t.now)
    or (s.due_at <= t.until and c.sync_enabled and c.removed_at is null and a.status = 'active'
        and (a.blocked_until is null or a.blocked_until <= t.until)
        and not exists (select 1 from calsync_private.provider_circuits p
                        where p.provider = a.provider and p.open_until > t.until))
$$;
comment on function public.count_pending_polls is 'Counts the calendars of a poll that are worth waiting for';

-- Internal: a poll that was not needed, counted in the ledger: what push saved.
create function public.skip_poll(p_user_id uuid, p_calendar_id uuid)
returns boolean language sql set search_path = '' as $$
  select public.note_cost(p_user_id, p_calendar_id, 0, 0, 0, 1);
  select true
$$;
comment on function public.skip_poll is 'Counts a skipped poll';

-- Start over: the cursor is dropped and everything is read again; rows that are right stay untouched.
create function public.reset_calendar(p_user_id uuid, p_calendar_id uuid, p_reason text default 'reset')
returns table (calendar_id uuid) language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if p_reason not in ('reset', 'repair') then
    raise exception 'unknown reason %', p_reason using errcode = 'CS003', hint = 'Use reset or repair.';
  end if;
  -- A running sync loses its lease: it must not put its cursor back.
  update public.calendar_sync_states s set
    sync_token = null, page_token = null, full_sync_id = null, attempts = 0, dead_at = null, not_before = null,
    lease_token = s.lease_token + 1, lease_holder = null, lease_expires_at = null, due_at = public.calsync_now(),
    due_reason = p_reason
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
  if not found then
    raise exception 'calendar % does not exist', p_calendar_id using errcode = 'CS002';
  end if;
  perform public.make_due(p_user_id, p_calendar_id, p_reason);
  update public.calendar_sync_logs l set status = 'abandoned', finished_at = public.calsync_now(), error_code = 'reset'
  where l.user_id = p_user_id and l.calendar_id = p_calendar_id and l.status = 'running';
  return query select p_calendar_id;
end
$$;
comment on function public.reset_calendar is 'Drops the cursor, so that the next sync reads everything again';

-- Dead letters are replayed: syncs and writes are tried again at once, as if they had never failed.
create function public.replay_dead_letters(p_user_id uuid default null, p_calendar_id uuid default null)
returns table (calendar_id uuid) language sql set search_path = '' as $$
  with syncs as (
    update public.calendar_sync_states s set
      dead_at = null, attempts = 0, not_before = null, due_at = public.calsync_now(), due_reason = 'manual'
    where s.dead_at is not null and s.lease_holder is null
      and (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    returning s.calendar_id
  ), writes as (
    update public.provider_writes w set dead_at = null, attempts = 0, due_at = public.calsync_now()
    where w.dead_at is not null
      and (p_user_id is null or w.user_id = p_user_id) and (p_calendar_id is null or w.calendar_id = p_calendar_id)
    returning w.calendar_id
  ), woken as (
    select pg_notify('calsync_due', '')
  )
  select r.calendar_id from (select s.calendar_id from syncs s union select w.calendar_id from writes w) r cross join woken
$$;
comment on function public.replay_dead_letters is 'Makes dead syncs and writes due again, with a clean record';

revoke execute on function public.request_polls from public, anon, authenticated;
grant execute on function public.request_polls to service_role;
revoke execute on function public.count_pending_polls from public, anon, authenticated;
grant execute on function public.count_pending_polls to service_role;
revoke execute on function public.skip_poll from public, anon, authenticated;
grant execute on function public.skip_poll to service_role;
revoke execute on function public.reset_calendar from public, anon, authenticated;
grant execute on function public.reset_calendar to service_role;
revoke execute on function public.replay_dead_letters from public, anon, authenticated;
grant execute on function public.replay_dead_letters to service_role;

-- sql/functions/70_accounts.sql
-- Connects an account, or reconnects one that lost access: credentials, status, and everything due at once.
-- An account belongs to one person: CS004 where another has connected it, CS005 while it is being disconnected.
create function public.connect_account(p_user_id uuid, p_provider text, p_provider_account_id text, p_email text,
                                       p_scopes jsonb, p_sealed text, p_actor text default 'cli',
                                       p_request_id text default null)
returns table (account_id uuid) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_id uuid;
begin
  perform public.require_own_account(p_user_id, p_provider, p_provider_account_id);
  insert into public.calendar_accounts as a (user_id, provider, provider_account_id, email, scopes)
  values (p_user_id, p_provider, p_provider_account_id, p_email, array(select jsonb_array_elements_text(p_scopes)))
  on conflict (user_id, provider, provider_account_id) do update set
    status = 'active', status_reason = null, email = excluded.email, scopes = excluded.scopes,
    blocked_until = null, quota_strikes = 0, discovery_due_at = v_now, updated_at = v_now
  returning a.id into v_id;
  perform public.store_credentials(p_user_id, v_id, p_sealed);
  update public.calendar_sync_states s set due_at = v_now, subscription_due_at = v_now, attempts = 0, not_before = null
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = v_id and c.removed_at is null and c.sync_enabled
    and s.user_id = c.user_id and s.calendar_id = c.id;
  update public.calendar_alerts set resolved_at = v_now, resolved_by = 'reconnected'
  where user_id = p_user_id and account_id = v_id and kind = 'access_lost' and resolved_at is null;
  perform public.write_audit(p_user_id, p_actor, 'account.connect', v_id::text, p_request_id,
                             jsonb_build_object('provider', p_provider));
  perform pg_notify('calsync_due', '');
  return query select v_id;
end
$$;
comment on function public.connect_account is 'Connects or reconnects an account; discovery, subscriptions and syncs become due';

-- Internal: refuses an account that another person has connected, or that is being disconnected. The lock holds
-- until the account is there: of two people at once, the second is refused.
create function public.require_own_account(p_user_id uuid, p_provider text, p_provider_account_id text)
returns void language plpgsql set search_path = '' as $$
declare
  v_taken boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_provider || ' ' || p_provider_account_id, 0));
  select a.user_id <> p_user_id into v_taken from public.calendar_accounts a
  where a.provider_account_id = p_provider_account_id and a.provider = p_provider
    and (a.status <> 'disconnected' and a.user_id <> p_user_id or a.status = 'disconnecting')
  order by a.user_id <> p_user_id desc limit 1;
  if v_taken then
    raise exception 'another person has connected this account' using errcode = 'CS004',
      hint = 'Let them disconnect it first.';
  elsif found then
    raise exception 'this account is being disconnected' using errcode = 'CS005', hint = 'Try again in a minute.';
  end if;
end
$$;
comment on function public.require_own_account is 'CS004 where another person has the account, CS005 while it is being disconnected';

-- A provider rotated its refresh token, or the sealing key changed. An account that was disconnected keeps nothing.
create function public.store_credentials(p_user_id uuid, p_account_id uuid, p_sealed text)
returns void language sql security definer set search_path = '' as $$
  insert into calsync_private.account_credentials (user_id, account_id, sealed)
  select a.user_id, a.id, p_sealed from public.calendar_accounts a
  where a.user_id = p_user_id and a.id = p_account_id and a.status <> 'disconnected'
  on conflict (user_id, account_id) do update set sealed = excluded.sealed, updated_at = public.calsync_now()
$$;
comment on function public.store_credentials is 'Stores sealed credentials';

-- Takes accounts whose list of calendars is to be read. Five minutes later another may try.
create function public.claim_due_accounts(p_limit integer, p_user_id uuid default null)
returns table (user_id uuid, account_id uuid, provider text, sealed text, now timestamptz)
language sql set search_path = '' as $$
  with due as (
    select a.user_id, a.id from public.calendar_accounts a
    where a.status = 'active' and a.discovery_due_at <= public.calsync_now()
      and (p_user_id is null or a.user_id = p_user_id)
      and (a.blocked_until is null or a.blocked_until <= public.calsync_now())
      and not exists (select 1 from calsync_private.provider_circuits p
                      where p.provider = a.provider and p.open_until > public.calsync_now())
    order by a.discovery_due_at limit p_limit
    for update skip locked
  )
  update public.calendar_accounts a set discovery_due_at = public.calsync_now() + interval '5 minutes'
  from due d where a.user_id = d.user_id and a.id = d.id
  returning a.user_id, a.id, a.provider, public.sealed_credentials(a.user_id, a.id), public.calsync_now()
$$;
comment on function public.claim_due_accounts is 'Accounts whose calendars are to be discovered now';

-- The list of calendars as the provider gives it: new ones are synced and subscribed at once, ones that
-- are gone are marked (their mirror is kept), unless the whole list vanished.
create function public.settle_discovery(p_user_id uuid, p_account_id uuid, p_calendars jsonb, p_next_seconds double precision)
returns table (found integer, added integer, removed integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_added integer;
  v_removed integer := 0;
begin
  with listed as (
    select * from jsonb_to_recordset(p_calendars) as l
      (provider_calendar_id text, name text, time_zone text, access_role text, is_primary boolean)
  )
  insert into public.calendars as c (user_id, account_id, provider_calendar_id, name, time_zone, access_role, is_primary)
  select p_user_id, p_account_id, l.provider_calendar_id, l.name, l.time_zone, l.access_role, l.is_primary from listed l
  on conflict (user_id, account_id, provider_calendar_id) do update set
    name = excluded.name, time_zone = excluded.time_zone, access_role = excluded.access_role,
    is_primary = excluded.is_primary, removed_at = null, updated_at = v_now
  where (c.name, c.time_zone, c.access_role, c.is_primary, c.removed_at) is distinct from
    (excluded.name, excluded.time_zone, excluded.access_role, excluded.is_primary, null);

  insert into public.calendar_sync_states (user_id, calendar_id, push)
  select c.user_id, c.id, case when a.provider = 'caldav' or c.access_role = 'free_busy' then 'unsupported' else 'wanted' end
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = p_user_id and c.account_id = p_account_id
  on conflict do nothing;
  get diagnostics v_added = row_count;

  if jsonb_array_length(p_calendars) > 0 then
    with gone as (
      update public.calendars c set removed_at = v_now, updated_at = v_now
      where c.user_id = p_user_id and c.account_id = p_account_id and c.removed_at is null
        and not exists (select 1 from jsonb_array_elements(p_calendars) l
                        where l ->> 'provider_calendar_id' = c.provider_calendar_id)
      returning c.id
    )
    select count(*) into v_removed from gone;
  end if;
  update public.calendar_accounts a set discovered_at = v_now,
    discovery_due_at = v_now + make_interval(secs => p_next_seconds), updated_at = v_now
  where a.user_id = p_user_id and a.id = p_account_id;
  if v_added > 0 then
    perform pg_notify('calsync_due', '');
  end if;
  return query select jsonb_array_length(p_calendars), v_added, v_removed;
end
$$;
comment on function public.settle_discovery is 'Takes over the provider''s list of calendars';

-- Discovery failed: later again, or the account waits for its person.
create function public.fail_discovery(p_user_id uuid, p_account_id uuid, p_failure text,
                                      p_delay_seconds double precision, p_error_code text)
returns void language plpgsql set search_path = '' as $$
declare
  v_until constant timestamptz := public.calsync_now() + make_interval(secs => p_delay_seconds);
begin
  if p_failure = 'reauthorize' then
    perform public.require_reauthorization(p_user_id, p_account_id, p_error_code);
  elsif p_failure = 'quota' then
    perform public.block_account(p_user_id, p_account_id, v_until);
  end if;
  update public.calendar_accounts set discovery_due_at = v_until where user_id = p_user_id and id = p_account_id;
end
$$;
comment on function public.fail_discovery is 'Reading the list of calendars failed: when to try again';

revoke execute on function public.connect_account from public, anon, authenticated;
grant execute on function public.connect_account to service_role;
revoke execute on function public.require_own_account from public, anon, authenticated;
grant execute on function public.require_own_account to service_role;
revoke execute on function public.store_credentials from public, anon, authenticated;
grant execute on function public.store_credentials to service_role;
revoke execute on function public.claim_due_accounts from public, anon, authenticated;
grant execute on function public.claim_due_accounts to service_role;
revoke execute on function public.settle_discovery from public, anon, authenticated;
grant execute on function public.settle_discovery to service_role;
revoke execute on function public.fail_discovery from public, anon, authenticated;
grant execute on function public.fail_discovery to service_role;

-- sql/functions/71_people.sql
-- Finds a person by e-mail. On a plain Postgres, where nobody else makes people, an unknown one is
-- added; with Supabase Auth people sign up there. Definer: auth.users is not the service role's to read.
create function public.find_or_add_person(p_email text)
returns table (user_id uuid) language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  select u.id into v_id from auth.users u where lower(u.email) = lower(p_email);
  if v_id is null and exists (
      select 1 from information_schema.columns
      where table_schema = 'auth' and table_name = 'users' and column_name = 'encrypted_password') then
    raise exception 'no person with the e-mail % in Supabase Auth', p_email using errcode = 'CS002',
      hint = 'Let them sign up there first.';
  elsif v_id is null then
    insert into auth.users (email) values (lower(p_email)) returning id into v_id;
  end if;
  return query select v_id;
end
$$;
comment on function public.find_or_add_person is 'The person with this e-mail; added where no Supabase Auth is in charge';

revoke execute on function public.find_or_add_person from public, anon, authenticated;
grant execute on function public.find_or_add_person to service_role;

-- sql/functions/72_find_people.sql
-- Finds people by an e-mail: their own, or that of an account they connected. Definer: auth.users is not
-- readable by the service role everywhere.
create function public.find_people(p_email text)
returns table (user_id uuid) language sql stable security definer set search_path = '' as $$
  select u.id from auth.users u where lower(u.email) = lower(p_email)
  union
  select a.user_id from public.calendar_accounts a where lower(a.email) = lower(p_email)
$$;
comment on function public.find_people is 'People with this e-mail, or with an account of this e-mail';

revoke execute on function public.find_people from public, anon, authenticated;
grant execute on function public.find_people to service_role;

-- sql/functions/80_windows.sql
-- The window slides: occurrences before p_start go, single events and exceptions that reach into it come.
-- Series are expanded by the caller, from series_to_expand. No provider is asked, but Graph is to be: its
-- cursor is tied to the window that it was made for, and it lists the occurrences of series itself.
create function public.slide_windows(p_start timestamptz, p_end timestamptz, p_limit integer)
returns table (calendars integer) language plpgsql set search_path = '' as $$
declare
  v_state record;
  v_count integer := 0;
begin
  for v_state in
    select s.user_id, s.calendar_id, a.provider = 'microsoft' as is_listed from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.window_end < p_end order by s.window_end limit p_limit for update of s skip locked
  loop
    v_count := v_count + 1;
    delete from public.event_occurrences o
    where o.user_id = v_state.user_id and o.calendar_id = v_state.calendar_id
      and (o.end_at <= p_start or o.end_date <= (p_start at time zone 'UTC')::date);
    insert into public.event_occurrences (user_id, calendar_id, event_id, occurrence_key, start_at, end_at, start_date, end_date)
    select e.user_id, e.calendar_id, e.id, e.occurrence_key, e.start_at, e.end_at, e.start_date, e.end_date
    from public.calendar_events e
    where e.user_id = v_state.user_id and e.calendar_id = v_state.calendar_id and e.kind <> 'series'
      and e.status <> 'cancelled'
      and public.overlaps_window(e.start_at, e.end_at, e.start_date, e.end_date, p_start, p_end)
    on conflict do nothing;
    update public.calendar_sync_states s set window_start = p_start, window_end = p_end
    where s.user_id = v_state.user_id and s.calendar_id = v_state.calendar_id;
    if v_state.is_listed then
      perform public.make_due(v_state.user_id, v_state.calendar_id, 'polling');
    end if;
  end loop;
  return query select v_count;
end
$$;
comment on function public.slide_windows is 'Moves the occurrence window of calendars forward';

-- Whether something touches the window [p_from, p_to); a zero-length event counts at its instant. All-day
-- dates are compared as UTC days, as shared.decide does.
create function public.overlaps_window(p_start_at timestamptz, p_end_at timestamptz, p_start_date date, p_end_date date,
                                       p_from timestamptz, p_to timestamptz)
returns boolean language sql immutable parallel safe set search_path = '' as $$
  select case when p_start_date is null
    then p_start_at < p_to and (p_end_at > p_from or (p_start_at = p_end_at and p_start_at >= p_from))
    else p_start_date::timestamp at time zone 'UTC' < p_to and p_end_date::timestamp at time zone 'UTC' > p_from end
$$;
comment on function public.overlaps_window is 'Whether a timed or all-day span overlaps a window';

-- Internal: the events that a listing of a window would name: what touches it, and the series of such. Without
-- a window, all.
create function public.events_in_scope(p_user_id uuid, p_calendar_id uuid, p_from timestamptz, p_until timestamptz)
returns table (provider_event_id text) language sql stable set search_path = '' as $$
  select e.provider_event_id from public.calendar_events e
  where p_from is null and e.user_id = p_user_id and e.calendar_id = p_calendar_id
  union
  select i.id from public.calendar_events e
  cross join lateral (values (e.provider_event_id), (e.series_event_id)) i (id)
  where p_from is not null and e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.kind <> 'series'
    and i.id is not null
    and public.overlaps_window(e.start_at, e.end_at, e.start_date, e.end_date, p_from, p_until)
  union
  select e.provider_event_id from public.event_occurrences o
  join public.calendar_events e on e.user_id = o.user_id and e.id = o.event_id
  where p_from is not null and o.user_id = p_user_id and o.calendar_id = p_calendar_id
    and public.overlaps_window(o.start_at, o.end_at, o.start_date, o.end_date, p_from, p_until)
$$;
comment on function public.events_in_scope is 'Ids of the events that touch a window';

-- Internal: no window reaches further. Stable, so that the planner knows it: nearly every series is expanded that far.
create function public.latest_window_end()
returns timestamptz language sql stable set search_path = '' as $$
  select max(window_end) from public.calendar_sync_states
$$;
comment on function public.latest_window_end is 'Where the furthest occurrence window ends';

-- A series was expanded anew, unless it changed meanwhile (then the sync that changed it did so).
create function public.settle_expansion(p_user_id uuid, p_event_id uuid, p_content_hash text, p_expanded_until timestamptz,
                                        p_occurrences jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_event public.calendar_events;
begin
  -- The state row first, as syncs do.
  perform from public.calendar_sync_states s
  join public.calendar_events e on e.user_id = s.user_id and e.calendar_id = s.calendar_id
  where e.user_id = p_user_id and e.id = p_event_id for update of s;
  select * into v_event from public.calendar_events e
  where e.user_id = p_user_id and e.id = p_event_id and e.content_hash = p_content_hash for update;
  if not found then
    return;
  end if;
  perform public.replace_occurrences(p_user_id, v_event.calendar_id, array[p_event_id], (
    select coalesce(jsonb_agg(o || jsonb_build_object('event_id', p_event_id)), '[]') from jsonb_array_elements(p_occurrences) o));
  if found or v_event.expanded_until is null then
    perform public.mark_blocks_due(p_user_id, array[v_event.calendar_id]);
  end if;
  update public.calendar_events e set expanded_until = p_expanded_until
  where e.user_id = p_user_id and e.id = p_event_id;
end
$$;
comment on function public.settle_expansion is 'Sets the occurrences of a series after a new expansion';

revoke execute on function public.slide_windows from public, anon, authenticated;
grant execute on function public.slide_windows to service_role;
revoke execute on function public.overlaps_window from public, anon, authenticated;
grant execute on function public.overlaps_window to service_role;
revoke execute on function public.events_in_scope from public, anon, authenticated;
grant execute on function public.events_in_scope to service_role;
revoke execute on function public.latest_window_end from public, anon, authenticated;
grant execute on function public.latest_window_end to service_role;
revoke execute on function public.settle_expansion from public, anon, authenticated;
grant execute on function public.settle_expansion to service_role;

-- sql/functions/90_maintenance.sql
-- Partitions of this week and the next two, for notifications and logs; whatever has none falls into the default one.
create function public.create_partitions()
returns table (created integer) language plpgsql security definer set search_path = '' as $$
declare
  v_table text;
  v_week timestamptz;
  v_name text;
  v_created integer := 0;
begin
  foreach v_table in array array['webhook_notifications', 'calendar_sync_logs'] loop
    for v_week in select generate_series(date_trunc('week', public.calsync_now(), 'UTC'),
        public.calsync_now() + interval '14 days', interval '7 days') loop
      v_name := format('%s_%s', v_table, to_char(v_week at time zone 'UTC', 'IYYY"w"IW'));
      if to_regclass(format('calsync_private.%I', v_name)) is null and not public.default_holds(v_table, v_week) then
        execute format('create table calsync_private.%I partition of public.%I for values from (%L) to (%L)',
                       v_name, v_table, v_week, v_week + interval '7 days');
        execute format('alter table calsync_private.%I enable row level security', v_name);
        v_created := v_created + 1;
      end if;
    end loop;
  end loop;
  return query select v_created;
end
$$;
comment on function public.create_partitions is 'Creates the weekly partitions ahead of time';

-- Internal: whether the default partition already holds rows of that week; then it keeps them.
create function public.default_holds(p_table text, p_week timestamptz)
returns boolean language plpgsql stable security definer set search_path = '' as $$
declare
  v_held boolean;
begin
  execute format('select exists (select 1 from calsync_private.%I where %I >= $1 and %I < $1 + interval ''7 days'')',
    p_table || '_default', case p_table when 'webhook_notifications' then 'received_at' else 'created_at' end,
    case p_table when 'webhook_notifications' then 'received_at' else 'created_at' end)
  into v_held using p_week;
  return v_held;
end
$$;
comment on function public.default_holds is 'Whether rows of a week sit in the default partition';

-- Retention: drops partitions that lie wholly before the limit, old rows of the default ones, and what nobody needs.
create function public.drop_expired_partitions(p_notification_days integer, p_log_days integer)
returns table (dropped integer) language plpgsql security definer set search_path = '' as $$
declare
  v_part record;
  v_dropped integer := 0;
begin
  for v_part in
    select c.relname, p.relname as parent from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    join pg_catalog.pg_class p on p.oid = i.inhparent
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'calsync_private' and c.relkind = 'r' and p.relname in ('webhook_notifications', 'calendar_sync_logs')
      and c.relname ~ '_\d{4}w\d{2}$'
      and to_date(right(c.relname, 7), 'IYYY"w"IW') + 7 <= (public.calsync_now() at time zone 'UTC')::date
        - case p.relname when 'webhook_notifications' then p_notification_days else p_log_days end
  loop
    execute format('drop table calsync_private.%I', v_part.relname);
    v_dropped := v_dropped + 1;
  end loop;
  delete from calsync_private.webhook_notifications_default
  where received_at < public.calsync_now() - make_interval(days => p_notification_days);
  delete from calsync_private.calendar_sync_logs_default
  where created_at < public.calsync_now() - make_interval(days => p_log_days);
  -- A day longer than they live, so that a repeated answer is known for one.
  delete from calsync_private.oauth_flows where expires_at < public.calsync_now() - interval '1 day';
  delete from public.webhook_subscriptions where ended_at < public.calsync_now() - make_interval(days => p_log_days);
  return query select v_dropped;
end
$$;
comment on function public.drop_expired_partitions is 'Drops notifications and logs past their retention';

-- The daily safety net: calendars that were not read completely for a day are polled once, push or no push.
create function public.make_safety_net_due(p_limit integer)
returns table (due integer) language sql set search_path = '' as $$
  with asked as materialized (
    select s.user_id, s.calendar_id from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where c.sync_enabled and c.removed_at is null and a.status = 'active' and s.sync_token is not null
      and s.due_at > public.calsync_now() and s.lease_holder is null
      and coalesce(s.last_poll_at, s.created_at) < public.calsync_now() - interval '24 hours'
    order by s.last_poll_at nulls first limit p_limit
  )
  select count(*) filter (where public.make_due(k.user_id, k.calendar_id, 'polling'))::integer from asked k
$$;
comment on function public.make_safety_net_due is 'Daily safety net: an incremental check of every calendar, whatever push says';

revoke execute on function public.create_partitions from public, anon, authenticated;
grant execute on function public.create_partitions to service_role;
revoke execute on function public.default_holds from public, anon, authenticated;
grant execute on function public.default_holds to service_role;
revoke execute on function public.drop_expired_partitions from public, anon, authenticated;
grant execute on function public.drop_expired_partitions to service_role;
revoke execute on function public.make_safety_net_due from public, anon, authenticated;
grant execute on function public.make_safety_net_due to service_role;

-- sql/functions/91_verification.sql
-- What calsync verify needs to read a calendar a second time: account, credentials, window.
create function public.calendar_to_verify(p_calendar_id uuid)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text,
               time_zone text, sealed text, window_start timestamptz, window_end timestamptz, now timestamptz)
language sql stable set search_path = '' as $$
  select c.user_id, c.id, c.account_id, a.provider, c.provider_calendar_id, c.time_zone,
    public.sealed_credentials(c.user_id, c.account_id), s.window_start, s.window_end, public.calsync_now()
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  join public.calendar_sync_states s on s.user_id = c.user_id and s.calendar_id = c.id
  where c.id = p_calendar_id
$$;
comment on function public.calendar_to_verify is 'A calendar with all that reading it needs';

-- What a verification found; drift opens an alert, its absence closes it. Rows that differ are distrusted:
-- their etag and hash are blanked, so that the next full sync writes them anew.
create function public.record_verification(p_user_id uuid, p_calendar_id uuid, p_drift integer, p_details jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  insert into public.calendar_monitoring_results (user_id, calendar_id, check_name, passed, details, created_at)
  values (p_user_id, p_calendar_id, 'verify', p_drift = 0, p_details, public.calsync_now());
  update public.calendar_events e set etag = '', content_hash = repeat('0', 64)
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id
    and e.provider_event_id in (select jsonb_array_elements_text(p_details -> 'different'));
  if p_drift = 0 then
    perform public.resolve_alerts(p_user_id, p_calendar_id, array['drift']);
  else
    perform public.open_alert(p_user_id, c.account_id, p_calendar_id, 'drift', 'high',
      format('The mirror differs from the provider in %s events; repair it with: calsync sync --mode full --calendar %s',
             p_drift, p_calendar_id))
    from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
  end if;
end
$$;
comment on function public.record_verification is 'Stores the result of calsync verify';

revoke execute on function public.calendar_to_verify from public, anon, authenticated;
grant execute on function public.calendar_to_verify to service_role;
revoke execute on function public.record_verification from public, anon, authenticated;
grant execute on function public.record_verification to service_role;

-- sql/functions/92_accounts_to_check.sql
-- What calsync doctor needs to sign in to every account that should work.
create function public.accounts_to_check()
returns table (user_id uuid, account_id uuid, provider text, email text, sealed text)
language sql stable set search_path = '' as $$
  select a.user_id, a.id, a.provider, coalesce(a.email, a.provider_account_id), public.sealed_credentials(a.user_id, a.id)
  from public.calendar_accounts a where a.status = 'active' order by a.provider, a.email
$$;
comment on function public.accounts_to_check is 'Active accounts with their sealed credentials';

revoke execute on function public.accounts_to_check from public, anon, authenticated;
grant execute on function public.accounts_to_check to service_role;

-- sql/functions/93_limits.sql
-- Brings the limits in step with the settings of the processes; touches the row only where it differs.
create function public.set_limits(p_stale_after_seconds double precision, p_suspend_after integer,
                                  p_give_up_after integer, p_missed_change_grace_seconds double precision,
                                  p_busy_block_days integer)
returns void language sql security definer set search_path = '' as $$
  update calsync_private.limits l set
    stale_after = make_interval(secs => p_stale_after_seconds), suspend_after = p_suspend_after,
    give_up_after = p_give_up_after, missed_change_grace = make_interval(secs => p_missed_change_grace_seconds),
    block_horizon = make_interval(days => p_busy_block_days)
  where (l.stale_after, l.suspend_after, l.give_up_after, l.missed_change_grace, l.block_horizon) is distinct from
    (make_interval(secs => p_stale_after_seconds), p_suspend_after, p_give_up_after,
     make_interval(secs => p_missed_change_grace_seconds), make_interval(days => p_busy_block_days))
$$;
comment on function public.set_limits is 'Sets the limits of the hybrid decision';

revoke execute on function public.set_limits from public, anon, authenticated;
grant execute on function public.set_limits to service_role;

-- sql/functions/110_audit.sql
-- Internal: an act is written down in its own transaction. Whoever changes accounts, settings or keys calls this.
create function public.write_audit(p_user_id uuid, p_actor text, p_action text, p_subject text,
                                   p_request_id text default null, p_details jsonb default '{}')
returns void language plpgsql set search_path = '' as $$
begin
  insert into public.audit_log (user_id, actor, action, subject, request_id, details)
  values (p_user_id, p_actor, p_action, p_subject, p_request_id, p_details);
exception when foreign_key_violation then
  raise exception 'person % does not exist', p_user_id using errcode = 'CS002';
end
$$;
comment on function public.write_audit is 'Adds a row to the audit log';

-- The service-role key looked at a person's rows: one row an hour for each kind of request.
create function public.note_key_use(p_user_id uuid, p_subject text, p_request_id text)
returns void language plpgsql set search_path = '' as $$
begin
  if not exists (
    select 1 from public.audit_log a
    where a.user_id = p_user_id and a.action = 'service_key.used' and a.subject = p_subject
      and a.created_at > public.calsync_now() - interval '1 hour') then
    perform public.write_audit(p_user_id, 'service_role', 'service_key.used', p_subject, p_request_id);
  end if;
exception when sqlstate 'CS002' then
  null; -- Nobody's rows were looked at.
end
$$;
comment on function public.note_key_use is 'Writes down that the service-role key read a person''s rows';

-- The audit log of a person, newest first; the page after the row that p_after_* name.
create function public.list_audit_log(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                      p_after_id uuid default null)
returns setof public.audit_log language sql stable set search_path = '' as $$
  select a.* from public.audit_log a
  where a.user_id = p_user_id
    and (p_after_id is null or (a.created_at, a.id) < (p_after_created_at, p_after_id))
  order by a.created_at desc, a.id desc
  limit p_limit
$$;
comment on function public.list_audit_log is 'A page of the audit log of a person';

revoke execute on function public.write_audit from public, anon, authenticated;
grant execute on function public.write_audit to service_role;
revoke execute on function public.note_key_use from public, anon, authenticated;
grant execute on function public.note_key_use to service_role;
revoke execute on function public.list_audit_log from public, anon, authenticated;
grant execute on function public.list_audit_log to service_role;

-- sql/functions/111_idempotency.sql
-- A request with an Idempotency-Key begins. No row: it is the first, go on. Else the state of the first one:
-- done (with its answer), running, or other (the key was used for something else). A first one that has
-- not ended within five minutes died, and this request takes its place.
create function public.begin_request(p_user_id uuid, p_key text, p_fingerprint text)
returns table (state text, status integer, answer jsonb) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_known calsync_private.idempotency_keys;
begin
  delete from calsync_private.idempotency_keys k where k.user_id = p_user_id and k.started_at < v_now - interval '1 day';
  insert into calsync_private.idempotency_keys (user_id, key, fingerprint) values (p_user_id, p_key, p_fingerprint)
  on conflict (user_id, key) do update set started_at = v_now
    where idempotency_keys.status is null and idempotency_keys.fingerprint = p_fingerprint
      and idempotency_keys.started_at < v_now - interval '5 minutes';
  if found then
    return;
  end if;
  select k.* into v_known from calsync_private.idempotency_keys k where k.user_id = p_user_id and k.key = p_key;
  return query select
    case when v_known.fingerprint <> p_fingerprint then 'other' when v_known.status is null then 'running' else 'done' end,
    v_known.status, v_known.answer;
end
$$;
comment on function public.begin_request is 'Takes an idempotency key, or says what became of the request that has it';

-- It ended: repeated requests get this answer.
create function public.finish_request(p_user_id uuid, p_key text, p_status integer, p_answer jsonb)
returns void language sql set search_path = '' as $$
  update calsync_private.idempotency_keys k set status = p_status, answer = p_answer
  where k.user_id = p_user_id and k.key = p_key
$$;
comment on function public.finish_request is 'Keeps the answer of a request with an idempotency key';

-- It failed and did nothing: the same key may try again.
create function public.forget_request(p_user_id uuid, p_key text)
returns void language sql set search_path = '' as $$
  delete from calsync_private.idempotency_keys k where k.user_id = p_user_id and k.key = p_key and k.status is null
$$;
comment on function public.forget_request is 'Frees the idempotency key of a request that failed';

revoke execute on function public.begin_request from public, anon, authenticated;
grant execute on function public.begin_request to service_role;
revoke execute on function public.finish_request from public, anon, authenticated;
grant execute on function public.finish_request to service_role;
revoke execute on function public.forget_request from public, anon, authenticated;
grant execute on function public.forget_request to service_role;

-- sql/functions/112_list_records.sql
-- Lists of the API: a page of one person's rows, in an order that no insert disturbs. The rows after the one
-- that p_after_* name; without them, the first page.
create function public.list_accounts(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                     p_after_id uuid default null)
returns setof public.calendar_accounts language sql stable set search_path = '' as $$
  select a.* from public.calendar_accounts a
  where a.user_id = p_user_id
    and (p_after_id is null or (a.created_at, a.id) > (p_after_created_at, p_after_id))
  order by a.created_at, a.id
  limit p_limit
$$;
comment on function public.list_accounts is 'A page of the accounts of a person, oldest first';

create function public.list_sync_logs(p_user_id uuid, p_limit integer, p_calendar_id uuid default null,
                                      p_after_created_at timestamptz default null, p_after_id uuid default null)
returns setof public.calendar_sync_logs language sql stable set search_path = '' as $$
  select l.* from public.calendar_sync_logs l
  where l.user_id = p_user_id and (p_calendar_id is null or l.calendar_id = p_calendar_id)
    and (p_after_id is null or (l.created_at, l.id) < (p_after_created_at, p_after_id))
  order by l.created_at desc, l.id desc
  limit p_limit
$$;
comment on function public.list_sync_logs is 'A page of the syncs of a person, newest first';

revoke execute on function public.list_accounts from public, anon, authenticated;
grant execute on function public.list_accounts to service_role;
revoke execute on function public.list_sync_logs from public, anon, authenticated;
grant execute on function public.list_sync_logs to service_role;

-- sql/functions/113_list_mirror.sql
-- Lists of the API over calendars and the mirror; see 112_list_records.sql.
create function public.list_calendars(p_user_id uuid, p_limit integer, p_account_id uuid default null,
                                      p_after_created_at timestamptz default null, p_after_id uuid default null)
returns table (id uuid, account_id uuid, provider text, provider_calendar_id text, name text, time_zone text,
               access_role text, is_primary boolean, sync_enabled boolean, push text, removed_at timestamptz,
               last_sync_at timestamptz, created_at timestamptz)
language sql stable set search_path = '' as $$
  select c.id, c.account_id, a.provider, c.provider_calendar_id, c.name, c.time_zone, c.access_role, c.is_primary,
    c.sync_enabled, s.push, c.removed_at, s.last_sync_at, c.created_at
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  join public.calendar_sync_states s on s.user_id = c.user_id and s.calendar_id = c.id
  where c.user_id = p_user_id and (p_account_id is null or c.account_id = p_account_id)
    and (p_after_id is null or (c.created_at, c.id) > (p_after_created_at, p_after_id))
  order by c.created_at, c.id
  limit p_limit
$$;
comment on function public.list_calendars is 'A page of the calendars of a person, oldest first';

-- When things happen that touch [p_from, p_to): by their start, whole days from midnight in their calendar's zone.
-- Without a span, the week from now.
create function public.happenings(p_user_id uuid, p_from timestamptz, p_to timestamptz, p_calendar_id uuid)
returns table (calendar_id uuid, event_id uuid, occurrence_key text, starts_at timestamptz, ends_at timestamptz,
               start_date date, end_date date)
language sql stable set search_path = '' as $$
  with span as (
    select f.starts, coalesce(p_to, f.starts + interval '7 days') as ends
    from (values (coalesce(p_from, public.calsync_now()))) f (starts)
  )
  select o.calendar_id, o.event_id, o.occurrence_key, o.start_at, o.end_at, o.start_date, o.end_date
  from span, public.event_occurrences o
  where o.user_id = p_user_id and (p_calendar_id is null or o.calendar_id = p_calendar_id)
    and o.start_at < span.ends and (o.end_at > span.starts or o.start_at >= span.starts)
  union all
  select o.calendar_id, o.event_id, o.occurrence_key, d.starts_at, d.ends_at, o.start_date, o.end_date
  from span, public.event_occurrences o
  join public.calendars c on c.user_id = o.user_id and c.id = o.calendar_id
  cross join lateral (
    select o.start_date::timestamp at time zone c.time_zone as starts_at,
           o.end_date::timestamp at time zone c.time_zone as ends_at
  ) d
  where o.user_id = p_user_id and (p_calendar_id is null or o.calendar_id = p_calendar_id)
    and o.start_date is not null and d.starts_at < span.ends and d.ends_at > span.starts
$$;
comment on function public.happenings is 'Occurrences of a person in a span of time';

-- Events (p_meetings: meetings only; not p_blocks: without busy blocks of ours) in a span, by their start.
create function public.list_events(p_user_id uuid, p_limit integer, p_from timestamptz default null,
  p_to timestamptz default null, p_calendar_id uuid default null, p_meetings boolean default false,
  p_after_starts_at timestamptz default null, p_after_event_id uuid default null, p_after_occurrence_key text default null,
  p_blocks boolean default true)
returns table (calendar_id uuid, event_id uuid, occurrence_key text, starts_at timestamptz, ends_at timestamptz,
               start_date date, end_date date, kind text, status text, summary text, location text, show_as text,
               visibility text, is_busy boolean, is_busy_block boolean, self_response text, html_link text, meeting_url text,
               platform text, attendee_count integer)
language sql stable set search_path = '' as $$
  with page as (
    select h.* from public.happenings(p_user_id, p_from, p_to, p_calendar_id) h
    where (p_after_event_id is null
           or (h.starts_at, h.event_id, h.occurrence_key) > (p_after_starts_at, p_after_event_id, p_after_occurrence_key))
      and (not p_meetings or exists (
        select 1 from public.meetings m where m.user_id = p_user_id and m.event_id = h.event_id))
      and (p_blocks or not exists (
        select 1 from public.calendar_events e
        where e.user_id = p_user_id and e.id = h.event_id and e.own_tag like 'calsync:b:%'))
    order by h.starts_at, h.event_id, h.occurrence_key
    limit p_limit
  )
  select p.calendar_id, p.event_id, p.occurrence_key, p.starts_at, p.ends_at, p.start_date, p.end_date,
    e.kind, e.status, e.summary, e.location, e.show_as, e.visibility, e.is_busy, coalesce(e.own_tag like 'calsync:b:%', false), e.self_response, e.html_link,
    m.url, m.platform, m.attendee_count
  from page p
  cross join lateral (
    select e.* from public.calendar_events e where e.user_id = p_user_id and e.id = p.event_id limit 1
  ) e
  left join lateral (
    select m.* from public.meetings m where m.user_id = p_user_id and m.event_id = p.event_id limit 1
  ) m on true
  order by p.starts_at, p.event_id, p.occurrence_key
$$;
comment on function public.list_events is 'A page of what happens to a person in a span of time';

-- When a person is busy in any calendar that is synced: spans that touch are one, cut off at the ends.
create function public.busy_times(p_user_id uuid, p_from timestamptz default null, p_to timestamptz default null)
returns table (starts_at timestamptz, ends_at timestamptz) language sql stable set search_path = '' as $$
  with span as (
    select tstzrange(f.starts, greatest(f.starts, coalesce(p_to, f.starts + interval '7 days'))) as asked
    from (values (coalesce(p_from, public.calsync_now()))) f (starts)
  ), busy as (
    select unnest(range_agg(tstzrange(h.starts_at, h.ends_at) * span.asked)) as found
    from span, public.happenings(p_user_id, p_from, p_to, null) h
    cross join lateral (
      select e.is_busy from public.calendar_events e where e.user_id = p_user_id and e.id = h.event_id limit 1
    ) e
    cross join lateral (
      select c.sync_enabled and c.removed_at is null as counts from public.calendars c
      where c.user_id = p_user_id and c.id = h.calendar_id limit 1
    ) c
    where e.is_busy and c.counts and h.ends_at > h.starts_at
  )
  select lower(b.found), upper(b.found) from busy b where not isempty(b.found) order by 1
$$;
comment on function public.busy_times is 'Free/busy of a person: when they are busy';

revoke execute on function public.list_calendars from public, anon, authenticated;
grant execute on function public.list_calendars to service_role;
revoke execute on function public.happenings from public, anon, authenticated;
grant execute on function public.happenings to service_role;
revoke execute on function public.list_events from public, anon, authenticated;
grant execute on function public.list_events to service_role;
revoke execute on function public.busy_times from public, anon, authenticated;
grant execute on function public.busy_times to service_role;

-- sql/functions/114_alerts_by_hand.sql
-- Alerts of a person, newest first; see 112_list_records.sql. p_open: true the open ones, false the resolved, null all.
create function public.list_alerts(p_user_id uuid, p_limit integer, p_open boolean default null,
                                   p_after_opened_at timestamptz default null, p_after_id uuid default null)
returns setof public.calendar_alerts language sql stable set search_path = '' as $$
  select x.* from public.calendar_alerts x
  where x.user_id = p_user_id and (p_open is null or p_open = (x.resolved_at is null))
    and (p_after_id is null or (x.opened_at, x.id) < (p_after_opened_at, p_after_id))
  order by x.opened_at desc, x.id desc
  limit p_limit
$$;
comment on function public.list_alerts is 'A page of the alerts of a person, newest first';

-- Somebody closes an alert by hand; one that is closed stays as it is. The next episode opens a new one.
create function public.resolve_alert(p_user_id uuid, p_alert_id uuid, p_actor text, p_request_id text)
returns setof public.calendar_alerts language plpgsql set search_path = '' as $$
declare
  v_kind text;
begin
  update public.calendar_alerts x set resolved_at = public.calsync_now(), resolved_by = p_actor
  where x.user_id = p_user_id and x.id = p_alert_id and x.resolved_at is null
  returning x.kind into v_kind;
  if v_kind is not null then
    perform public.write_audit(p_user_id, p_actor, 'alert.resolved', p_alert_id::text, p_request_id,
                               jsonb_build_object('kind', v_kind));
  end if;
  return query select x.* from public.calendar_alerts x where x.user_id = p_user_id and x.id = p_alert_id;
  if not found then
    raise exception 'alert % does not exist', p_alert_id using errcode = 'CS002';
  end if;
end
$$;
comment on function public.resolve_alert is 'Closes an alert by hand, and writes that down';

revoke execute on function public.list_alerts from public, anon, authenticated;
grant execute on function public.list_alerts to service_role;
revoke execute on function public.resolve_alert from public, anon, authenticated;
grant execute on function public.resolve_alert to service_role;

-- sql/functions/120_turn_push.sql
-- A person turns real-time sync of their calendars (or of one) off: subscriptions retire, and the calendars are
-- polled from now on. What the provider cannot do stays as it is.
create function public.turn_push_off(p_user_id uuid, p_calendar_id uuid, p_actor text, p_request_id text)
returns table (calendar_id uuid, push text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_id uuid;
begin
  perform public.require_calendar(p_user_id, p_calendar_id);
  for v_id in
    select s.calendar_id from public.calendar_sync_states s
    where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and s.push in ('wanted', 'given_up')
    order by s.calendar_id for update
  loop
    perform public.give_push_up(p_user_id, v_id, 'turned_off');
    perform public.make_due(p_user_id, v_id, 'polling');
    perform public.write_audit(p_user_id, p_actor, 'push.turned_off', v_id::text, p_request_id);
  end loop;
  return query select s.calendar_id, s.push from public.calendar_sync_states s
  where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id) order by s.calendar_id;
end
$$;
comment on function public.turn_push_off is 'wanted, given_up → turned_off: subscriptions retire, polling takes over';

-- And on again, also where push had been given up: a subscription is due at once, as it is wherever one is missing.
create function public.turn_push_on(p_user_id uuid, p_calendar_id uuid, p_actor text, p_request_id text)
returns table (calendar_id uuid, push text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_id uuid;
begin
  perform public.require_calendar(p_user_id, p_calendar_id);
  for v_id in
    update public.calendar_sync_states s set push = 'wanted', webhook_failures = 0,
      subscription_due_at = case when s.subscription_due_at = 'infinity' then s.subscription_due_at else public.calsync_now() end
    where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and s.push in ('turned_off', 'given_up')
    returning s.calendar_id
  loop
    perform public.resolve_alerts(p_user_id, v_id, array['push_given_up']);
    perform public.write_audit(p_user_id, p_actor, 'push.turned_on', v_id::text, p_request_id);
  end loop;
  update public.calendar_sync_states s set subscription_due_at = public.calsync_now()
  where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    and s.push = 'wanted' and s.subscription_due_at > public.calsync_now() and s.subscription_due_at <> 'infinity'
    and not exists (select 1 from public.webhook_subscriptions w
                    where w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status in ('pending', 'active'));
  return query select s.calendar_id, s.push from public.calendar_sync_states s
  where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id) order by s.calendar_id;
end
$$;
comment on function public.turn_push_on is 'turned_off, given_up → wanted: a subscription is due at once';

-- Internal: a calendar that is named is the person's own.
create function public.require_calendar(p_user_id uuid, p_calendar_id uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if p_calendar_id is not null
     and not exists (select 1 from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id) then
    raise exception 'calendar % does not exist', p_calendar_id using errcode = 'CS002';
  end if;
end
$$;
comment on function public.require_calendar is 'Refuses a calendar that the person does not have';

revoke execute on function public.turn_push_off from public, anon, authenticated;
grant execute on function public.turn_push_off to service_role;
revoke execute on function public.turn_push_on from public, anon, authenticated;
grant execute on function public.turn_push_on to service_role;
revoke execute on function public.require_calendar from public, anon, authenticated;
grant execute on function public.require_calendar to service_role;

-- sql/functions/121_calendar_settings.sql
-- A calendar's settings as its person wants them. Turned off, nothing is read and its subscriptions retire (the
-- mirror is kept); turned on, it is read and subscribed to at once.
create function public.set_sync_enabled(p_user_id uuid, p_calendar_id uuid, p_enabled boolean, p_actor text,
                                        p_request_id text)
returns table (sync_enabled boolean) language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  perform public.require_calendar(p_user_id, p_calendar_id);
  update public.calendars c set sync_enabled = p_enabled, updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.id = p_calendar_id and c.sync_enabled <> p_enabled;
  if found then
    if p_enabled then
      -- Its account may have been reconnected meanwhile, which brought back what was on.
      update public.calendar_sync_states s set subscription_due_at = public.calsync_now(),
        due_at = case when s.lease_expires_at > public.calsync_now() then s.due_at else public.calsync_now() end
      from public.calendars c
      join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id and a.status = 'active'
      where c.user_id = p_user_id and c.id = p_calendar_id and s.user_id = c.user_id and s.calendar_id = c.id;
      perform public.make_due(p_user_id, p_calendar_id, 'manual');
    else
      perform public.give_push_up(p_user_id, p_calendar_id, s.push) from public.calendar_sync_states s
      where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
    end if;
    perform public.write_audit(p_user_id, p_actor, 'settings.changed', p_calendar_id::text, p_request_id,
                               jsonb_build_object('sync_enabled', p_enabled));
  end if;
  return query select c.sync_enabled from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
end
$$;
comment on function public.set_sync_enabled is 'Turns the sync of a calendar on or off, and writes that down';

-- A person has a calendar read from the start.
create function public.ask_reset(p_user_id uuid, p_calendar_id uuid, p_actor text, p_request_id text)
returns table (calendar_id uuid) language plpgsql set search_path = '' as $$
begin
  perform public.reset_calendar(p_user_id, p_calendar_id, 'reset');
  perform public.write_audit(p_user_id, p_actor, 'calendar.reset', p_calendar_id::text, p_request_id);
  return query select p_calendar_id;
end
$$;
comment on function public.ask_reset is 'reset_calendar, and writes that down';

-- The provider lets an account in again that it had refused: its calendars come back into the queue.
create function public.restore_account(p_user_id uuid, p_account_id uuid, p_actor text, p_request_id text)
returns table (status text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  update public.calendar_accounts a set status = 'active', status_reason = null, discovery_due_at = v_now, updated_at = v_now
  where a.user_id = p_user_id and a.id = p_account_id and a.status = 'needs_reauth';
  if found then
    update public.calendar_sync_states s set due_at = v_now, subscription_due_at = v_now, attempts = 0, not_before = null
    from public.calendars c
    where c.user_id = p_user_id and c.account_id = p_account_id and c.removed_at is null and c.sync_enabled
      and s.user_id = c.user_id and s.calendar_id = c.id;
    update public.calendar_alerts x set resolved_at = v_now, resolved_by = 'success'
    where x.user_id = p_user_id and x.account_id = p_account_id and x.kind = 'access_lost' and x.resolved_at is null;
    perform public.write_audit(p_user_id, p_actor, 'account.restored', p_account_id::text, p_request_id);
    perform pg_notify('calsync_due', '');
  end if;
  return query select a.status from public.calendar_accounts a where a.user_id = p_user_id and a.id = p_account_id;
end
$$;
comment on function public.restore_account is 'needs_reauth → active, where the provider lets it in again';

-- What signing in to a person's lost accounts needs.
create function public.lost_accounts(p_user_id uuid)
returns table (user_id uuid, account_id uuid, provider text, sealed text) language sql stable set search_path = '' as $$
  select a.user_id, a.id, a.provider, public.sealed_credentials(a.user_id, a.id)
  from public.calendar_accounts a
  where a.user_id = p_user_id and a.status = 'needs_reauth'
  order by a.created_at
$$;
comment on function public.lost_accounts is 'Accounts of a person whose access was lost, with their credentials';

revoke execute on function public.set_sync_enabled from public, anon, authenticated;
grant execute on function public.set_sync_enabled to service_role;
revoke execute on function public.ask_reset from public, anon, authenticated;
grant execute on function public.ask_reset to service_role;
revoke execute on function public.restore_account from public, anon, authenticated;
grant execute on function public.restore_account to service_role;
revoke execute on function public.lost_accounts from public, anon, authenticated;
grant execute on function public.lost_accounts to service_role;

-- sql/functions/122_person_figures.sql
-- How push served a person in the last p_days days: what became of notifications, how long until they were in the
-- mirror, which errors there were, and the trend by day.
create function public.webhook_metrics(p_user_id uuid, p_days integer)
returns table (notifications bigint, outcomes jsonb, syncs bigint, failed bigint, success_percent numeric,
               mean_seconds double precision, p50_seconds double precision, p95_seconds double precision,
               p99_seconds double precision, errors jsonb, days jsonb)
language sql stable set search_path = '' as $$
  with since as (
    select public.calsync_now() - make_interval(days => p_days) as at
  ), heard as (
    select n.outcome, count(*) as n from since, public.webhook_notifications n
    where n.user_id = p_user_id and n.received_at > since.at group by n.outcome
  ), served as (
    select l.*, extract(epoch from l.finished_at - coalesce(l.notified_at, l.started_at))::double precision as seconds
    from since, public.calendar_sync_logs l
    where l.user_id = p_user_id and l.created_at > since.at and l.trigger = 'webhook' and l.status in ('success', 'failed')
  ), broken as (
    select s.error_code, count(*) as n from served s where s.status = 'failed' group by s.error_code
  ), daily as (
    select (s.created_at at time zone 'UTC')::date as day, count(*) as syncs,
      count(*) filter (where s.status = 'failed') as failed, avg(s.seconds) filter (where s.status = 'success') as mean_seconds
    from served s group by 1
  )
  select (select coalesce(sum(h.n), 0)::bigint from heard h),
    (select coalesce(jsonb_object_agg(h.outcome, h.n), '{}') from heard h),
    count(*), count(*) filter (where s.status = 'failed'),
    round(100.0 * count(*) filter (where s.status = 'success') / nullif(count(*), 0), 2),
    avg(s.seconds) filter (where s.status = 'success'),
    percentile_cont(0.5) within group (order by s.seconds) filter (where s.status = 'success'),
    percentile_cont(0.95) within group (order by s.seconds) filter (where s.status = 'success'),
    percentile_cont(0.99) within group (order by s.seconds) filter (where s.status = 'success'),
    (select coalesce(jsonb_object_agg(b.error_code, b.n), '{}') from broken b),
    (select coalesce(jsonb_agg(to_jsonb(d) order by d.day), '[]') from daily d)
  from served s
$$;
comment on function public.webhook_metrics is 'How push served a person lately';

-- How a person's calendars fare: syncs and errors of the last seven days, and what is open now.
create function public.person_figures(p_user_id uuid)
returns table (calendars bigint, accounts bigint, accounts_lost bigint, syncs bigint, failed bigint, error_percent numeric,
               syncs_per_day numeric, api_calls bigint, last_sync_at timestamptz, alerts jsonb, checks_failed bigint)
language sql stable set search_path = '' as $$
  select
    (select count(*) from public.calendars c where c.user_id = p_user_id and c.removed_at is null),
    (select count(*) from public.calendar_accounts a where a.user_id = p_user_id and a.status in ('active', 'needs_reauth')),
    (select count(*) from public.calendar_accounts a where a.user_id = p_user_id and a.status = 'needs_reauth'),
    count(*), count(*) filter (where l.status = 'failed'),
    round(100.0 * count(*) filter (where l.status = 'failed') / nullif(count(*), 0), 2),
    round(count(*) / 7.0, 2), coalesce(sum(l.api_calls), 0)::bigint,
    (select max(s.last_sync_at) from public.calendar_sync_states s where s.user_id = p_user_id),
    (select coalesce(jsonb_object_agg(x.severity, x.n), '{}') from (
       select x.severity, count(*) as n from public.calendar_alerts x
       where x.user_id = p_user_id and x.resolved_at is null group by x.severity) x),
    (select count(*) from public.calendar_monitoring_results m
     where m.user_id = p_user_id and not m.passed and m.created_at > public.calsync_now() - interval '7 days')
  from public.calendar_sync_logs l
  where l.user_id = p_user_id and l.created_at > public.calsync_now() - interval '7 days' and l.status in ('success', 'failed')
$$;
comment on function public.person_figures is 'How the calendars of a person fare';

revoke execute on function public.webhook_metrics from public, anon, authenticated;
grant execute on function public.webhook_metrics to service_role;
revoke execute on function public.person_figures from public, anon, authenticated;
grant execute on function public.person_figures to service_role;

-- sql/functions/140_oauth_flows.sql
-- A person begins to connect an account; p_state_hash and p_browser_hash are SHA-256 in hex.
create function public.start_oauth_flow(p_user_id uuid, p_provider text, p_state_hash text, p_browser_hash text,
                                        p_scopes jsonb, p_sealed text, p_seconds double precision)
returns table (expires_at timestamptz) language sql set search_path = '' as $$
  insert into calsync_private.oauth_flows (user_id, state_hash, browser_hash, provider, scopes, sealed, expires_at)
  values (p_user_id, p_state_hash, p_browser_hash, p_provider, array(select jsonb_array_elements_text(p_scopes)),
          p_sealed, public.calsync_now() + make_interval(secs => p_seconds))
  returning oauth_flows.expires_at
$$;
comment on function public.start_oauth_flow is 'Writes an attempt to connect an account down';

-- The answer came: its attempt is used up, and what it needs is given, once. Every other outcome gives nothing
-- and changes nothing. Two answers at once: the row lock lets one of them win.
create function public.take_oauth_flow(p_provider text, p_state_hash text, p_browser_hash text)
returns table (outcome text, user_id uuid, scopes text[], sealed text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_flow calsync_private.oauth_flows;
  v_outcome text;
begin
  select f.* into v_flow from calsync_private.oauth_flows f
  where f.state_hash = p_state_hash and f.provider = p_provider for update;
  v_outcome := case
    when v_flow.user_id is null then 'unknown'
    when v_flow.browser_hash <> p_browser_hash then 'other_browser'
    when v_flow.consumed_at is not null then 'replayed'
    when v_flow.expires_at <= v_now then 'expired'
    else 'taken'
  end;
  if v_outcome <> 'taken' then
    return query select v_outcome, null::uuid, null::text[], null::text;
    return;
  end if;
  update calsync_private.oauth_flows f set consumed_at = v_now
  where f.user_id = v_flow.user_id and f.state_hash = p_state_hash;
  return query select v_outcome, v_flow.user_id, v_flow.scopes, v_flow.sealed;
end
$$;
comment on function public.take_oauth_flow is 'Uses an attempt up: taken, or unknown, other_browser, replayed, expired';

revoke execute on function public.start_oauth_flow from public, anon, authenticated;
grant execute on function public.start_oauth_flow to service_role;
revoke execute on function public.take_oauth_flow from public, anon, authenticated;
grant execute on function public.take_oauth_flow to service_role;

-- sql/functions/141_disconnect_account.sql
-- A person disconnects an account. From this moment nothing is read any more: a running sync loses its lease. Its
-- webhook subscriptions retire; upkeep stops them, has its busy blocks removed, gives access back. Idempotent.
create function public.disconnect_account(p_user_id uuid, p_account_id uuid, p_actor text default 'cli',
                                          p_request_id text default null)
returns table (status text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_status text;
begin
  select a.status into v_status from public.calendar_accounts a
  where a.user_id = p_user_id and a.id = p_account_id for update;
  if not found then
    raise exception 'account % does not exist', p_account_id using errcode = 'CS002';
  end if;
  if v_status in ('active', 'needs_reauth') then
    update public.calendar_accounts a set
      status = 'disconnecting', status_reason = case v_status when 'active' then 'asked' else 'access_lost' end,
      disconnecting_since = v_now, disconnect_due_at = v_now, disconnect_attempts = 0, updated_at = v_now
    where a.user_id = p_user_id and a.id = p_account_id;
    perform public.park_account(p_user_id, p_account_id);
    perform public.write_audit(p_user_id, p_actor, 'account.disconnect', p_account_id::text, p_request_id);
    v_status := 'disconnecting';
  end if;
  return query select v_status;
end
$$;
comment on function public.disconnect_account is 'active, needs_reauth → disconnecting; idempotent';

-- Internal: the calendars of an account leave the queue, its subscriptions retire, its alerts are closed.
create function public.park_account(p_user_id uuid, p_account_id uuid)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  update public.calendar_sync_states s set
    due_at = 'infinity', subscription_due_at = 'infinity', attempts = 0, dead_at = null, not_before = null,
    lease_token = s.lease_token + 1, lease_holder = null, lease_expires_at = null, updated_at = v_now
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and s.user_id = c.user_id and s.calendar_id = c.id;
  update public.calendar_sync_logs l set status = 'abandoned', finished_at = v_now, error_code = 'disconnected'
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id
    and l.user_id = c.user_id and l.calendar_id = c.id and l.status = 'running';
  update public.webhook_subscriptions w set
    status = 'retiring', retired_at = coalesce(w.retired_at, v_now), stop_due_at = v_now, stop_attempts = 0, updated_at = v_now
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and w.user_id = c.user_id and w.calendar_id = c.id
    and w.status in ('pending', 'active', 'retiring');
  update public.calendar_alerts al set resolved_at = v_now, resolved_by = 'disconnected'
  where al.user_id = p_user_id and al.account_id = p_account_id and al.resolved_at is null;
end
$$;
comment on function public.park_account is 'Nothing is read for this account any more';

-- Internal: whether a webhook subscription is still to be stopped. One that the provider refused to stop six
-- times, or whose id is not known after two minutes, is left to run out: access is not kept for its sake.
create function public.has_channels(p_user_id uuid, p_account_id uuid)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select 1 from public.calendars c
    join public.webhook_subscriptions w on w.user_id = c.user_id and w.calendar_id = c.id and w.status = 'retiring'
    where c.user_id = p_user_id and c.account_id = p_account_id
      and coalesce(w.expires_at > public.calsync_now(), true)
      and case when w.resource_id is null then w.retired_at > public.calsync_now() - interval '2 minutes'
               else w.stop_attempts < 6 end)
$$;
comment on function public.has_channels is 'Whether subscriptions of an account wait to be stopped';

-- Takes accounts whose access is to be given back now: channels are stopped, and blocks are gone (or were waited
-- for a day). Others are looked at again in two seconds; a taken one, should its worker die, in two minutes.
create function public.claim_due_disconnections(p_limit integer, p_account_id uuid default null)
returns table (user_id uuid, account_id uuid, provider text, sealed text, attempts integer)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_account public.calendar_accounts;
  v_waits boolean;
begin
  for v_account in
    select a.* from public.calendar_accounts a
    where a.disconnect_due_at <= v_now and a.status = 'disconnecting' and (p_account_id is null or a.id = p_account_id)
    order by a.disconnect_due_at limit p_limit for update skip locked
  loop
    v_waits := (v_account.status_reason <> 'access_lost' and public.has_channels(v_account.user_id, v_account.id))
      or (v_account.disconnecting_since > v_now - interval '1 day'
          and public.remove_blocks_of_account(v_account.user_id, v_account.id) > 0);
    update public.calendar_accounts a
    set disconnect_due_at = v_now + case when v_waits then interval '2 seconds' else interval '2 minutes' end
    where a.user_id = v_account.user_id and a.id = v_account.id;
    if not v_waits then
      return query select v_account.user_id, v_account.id, v_account.provider,
        public.sealed_credentials(v_account.user_id, v_account.id), v_account.disconnect_attempts;
    end if;
  end loop;
end
$$;
comment on function public.claim_due_disconnections is 'Accounts whose access is to be given back now';

-- Giving access back failed: later again.
create function public.postpone_disconnection(p_user_id uuid, p_account_id uuid, p_delay_seconds double precision)
returns void language sql set search_path = '' as $$
  update public.calendar_accounts set
    disconnect_due_at = public.calsync_now() + make_interval(secs => p_delay_seconds),
    disconnect_attempts = disconnect_attempts + 1, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_account_id and status = 'disconnecting'
$$;
comment on function public.postpone_disconnection is 'Another attempt to give access back, later';

-- Access was given back (or could not be; p_outcome says so): credentials and mirror go, in one transaction. The
-- calendars stay with their settings, so that a reconnected account goes on as it was, from a full sync.
create function public.settle_disconnection(p_user_id uuid, p_account_id uuid, p_outcome text)
returns void language plpgsql set search_path = '' as $$
begin
  update public.calendar_accounts a set
    status = 'disconnected', status_reason = p_outcome, disconnecting_since = null, disconnect_due_at = null,
    scopes = '{}', updated_at = public.calsync_now()
  where a.user_id = p_user_id and a.id = p_account_id and a.status = 'disconnecting';
  if not found then
    return;
  end if;
  perform public.forget_credentials(p_user_id, p_account_id);
  delete from public.calendar_events e using public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and e.user_id = c.user_id and e.calendar_id = c.id;
  delete from public.refused_events r using public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and r.user_id = c.user_id and r.calendar_id = c.id;
  update public.calendar_sync_states s set
    sync_token = null, page_token = null, full_sync_id = null, due_reason = 'initial', updated_at = public.calsync_now()
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and s.user_id = c.user_id and s.calendar_id = c.id;
end
$$;
comment on function public.settle_disconnection is 'disconnecting → disconnected: credentials and mirror are gone';

-- Internal. Definer: the service role itself may not touch the table.
create function public.forget_credentials(p_user_id uuid, p_account_id uuid)
returns void language sql security definer set search_path = '' as $$
  delete from calsync_private.account_credentials c where c.user_id = p_user_id and c.account_id = p_account_id
$$;
comment on function public.forget_credentials is 'Deletes the credentials of an account';

revoke execute on function public.disconnect_account from public, anon, authenticated;
grant execute on function public.disconnect_account to service_role;
revoke execute on function public.park_account from public, anon, authenticated;
grant execute on function public.park_account to service_role;
revoke execute on function public.has_channels from public, anon, authenticated;
grant execute on function public.has_channels to service_role;
revoke execute on function public.claim_due_disconnections from public, anon, authenticated;
grant execute on function public.claim_due_disconnections to service_role;
revoke execute on function public.postpone_disconnection from public, anon, authenticated;
grant execute on function public.postpone_disconnection to service_role;
revoke execute on function public.settle_disconnection from public, anon, authenticated;
grant execute on function public.settle_disconnection to service_role;
revoke execute on function public.forget_credentials from public, anon, authenticated;
grant execute on function public.forget_credentials to service_role;

-- sql/functions/142_reseal_credentials.sql
-- A page of sealed credentials, to be sealed anew with the newest key; p_after_* is the last account of the page before.
-- Definer, as sealed_credentials.
create function public.credentials_to_reseal(p_limit integer, p_after_user_id uuid default null, p_after_account_id uuid default null)
returns table (user_id uuid, account_id uuid, sealed text)
language sql stable security definer set search_path = '' as $$
  select c.user_id, c.account_id, c.sealed from calsync_private.account_credentials c
  where p_after_user_id is null or (c.user_id, c.account_id) > (p_after_user_id, p_after_account_id)
  order by c.user_id, c.account_id
  limit p_limit
$$;
comment on function public.credentials_to_reseal is 'A page of sealed credentials of all accounts, in the order of their keys';

-- Compare and set: where a sync stored rotated credentials meanwhile, nothing happens, and the caller looks again.
create function public.reseal_credentials(p_user_id uuid, p_account_id uuid, p_before text, p_sealed text,
                                          p_actor text default 'cli')
returns table (resealed boolean, sealed text) language plpgsql security definer set search_path = '' as $$
begin
  update calsync_private.account_credentials c set sealed = p_sealed, updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.account_id = p_account_id and c.sealed = p_before;
  if found then
    perform public.write_audit(p_user_id, p_actor, 'credentials.reseal', p_account_id::text);
  end if;
  return query
  select c.sealed = p_sealed, c.sealed from calsync_private.account_credentials c
  where c.user_id = p_user_id and c.account_id = p_account_id;
end
$$;
comment on function public.reseal_credentials is 'Replaces sealed credentials if they are still these; gives what is there now';

-- How many accounts have credentials: what a rotation of keys has before it.
create function public.count_credentials()
returns table (accounts bigint) language sql stable security definer set search_path = '' as $$
  select count(*) from calsync_private.account_credentials
$$;
comment on function public.count_credentials is 'How many accounts have credentials';

revoke execute on function public.credentials_to_reseal from public, anon, authenticated;
grant execute on function public.credentials_to_reseal to service_role;
revoke execute on function public.reseal_credentials from public, anon, authenticated;
grant execute on function public.reseal_credentials to service_role;
revoke execute on function public.count_credentials from public, anon, authenticated;
grant execute on function public.count_credentials to service_role;

-- sql/functions/600_queue_writes.sql
-- Internal: events of ours are not at their provider what they should be. In the transaction of whatever calls for it,
-- so that the write is neither lost nor done for a change that never was. p_writes: [{"id", "calendar_id", "action"}].
-- A write that waits takes up the newer change; one that is being delivered is followed by another.
create function public.queue_writes(p_user_id uuid, p_subject text, p_writes jsonb)
returns integer language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_queued integer;
begin
  insert into public.provider_writes as w (user_id, id, subject, calendar_id, action, due_at)
  select p_user_id, q.id, p_subject, q.calendar_id, q.action, v_now
  from jsonb_to_recordset(p_writes) as q (id uuid, calendar_id uuid, action text)
  on conflict (user_id, id) do update set
    -- What was not created yet is still to be created.
    action = case when w.action = 'create' and excluded.action = 'update' then 'create' else excluded.action end,
    change_seq = w.change_seq + 1,
    due_at = case when w.lease_expires_at > v_now then w.due_at else v_now end,
    attempts = 0, dead_at = null, last_error_code = null, last_error_message = null, last_error_at = null,
    updated_at = v_now;
  get diagnostics v_queued = row_count;
  if v_queued > 0 then
    perform pg_notify('calsync_due', '');
  end if;
  return v_queued;
end
$$;
comment on function public.queue_writes is 'Puts events of ours into the outbox; wakes the workers';

revoke execute on function public.queue_writes from public, anon, authenticated;
grant execute on function public.queue_writes to service_role;

-- sql/functions/601_claim_provider_writes.sql
-- Takes due writes under a lease, for up to p_limit calendars and p_batch writes of each: the longest due calendars
-- first, at most p_per_account calendars of an account at a time and no more writes than its calls of the minute
-- allow, so that a large change in one account holds up nobody else. Nothing is created in a calendar that was not
-- read since the database was restarted or restored: it may hold the event already.
create function public.claim_provider_writes(p_worker text, p_limit integer, p_batch integer,
  p_lease_seconds double precision, p_per_account integer default 2, p_calls_per_minute integer default 500,
  p_user_id uuid default null)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text, sealed text,
  id uuid, subject text, lease_token bigint, attempts integer, tag text, draft jsonb, provider_event_id text, etag text)
language plpgsql set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_epoch constant text := public.calsync_epoch();
begin
  -- As in claim_due_calendars: mostly there is nothing.
  if not exists (select from public.provider_writes w where w.dead_at is null) then
    return;
  end if;
  return query
  with waiting as materialized (
    select d.user_id, d.calendar_id, d.since, c.account_id, a.budget_minute, a.budget_used,
      s.read_epoch is not distinct from v_epoch as is_current
    from public.calendars_with_writes(v_now) d
    join public.calendars c on c.user_id = d.user_id and c.id = d.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    join public.calendar_sync_states s on s.user_id = d.user_id and s.calendar_id = d.calendar_id
    where (p_user_id is null or d.user_id = p_user_id) and a.status in ('active', 'disconnecting')
      and (a.blocked_until is null or a.blocked_until <= v_now)
  ), busy as materialized (
    select c.user_id, c.account_id, count(distinct c.id) as calendars, count(*) as writes
    from public.provider_writes w
    join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
    where w.lease_holder is not null and w.lease_expires_at > v_now
    group by c.user_id, c.account_id
  ), fair as materialized (
    select d.*, row_number() over (partition by d.user_id, d.account_id order by d.since, d.calendar_id)
        + coalesce(b.calendars, 0) as place,
      p_calls_per_minute - coalesce(b.writes, 0)
        - case when d.budget_minute = date_trunc('minute', v_now) then d.budget_used else 0 end as budget
    from waiting d
    left join busy b on b.user_id = d.user_id and b.account_id = d.account_id
  ), chosen as materialized (
    select f.*, greatest(0, least(p_batch, f.budget / p_per_account)) as most
    from fair f where f.place <= p_per_account and f.budget >= p_per_account
    order by f.place, f.since limit p_limit
  ), taken as materialized (
    select t.* from chosen f
    cross join lateral (
      select w.user_id, w.id from public.provider_writes w
      where w.user_id = f.user_id and w.calendar_id = f.calendar_id and w.due_at <= v_now and w.dead_at is null
        and (f.is_current or w.action <> 'create')
      order by w.due_at, w.id limit f.most
      for update skip locked) t
  ), claimed as (
    update public.provider_writes w set
      lease_token = w.lease_token + 1, lease_holder = p_worker,
      lease_expires_at = v_now + make_interval(secs => p_lease_seconds),
      due_at = v_now + make_interval(secs => p_lease_seconds),
      claimed_seq = w.change_seq, updated_at = v_now,
      -- A worker that dies with a lease counts as an attempt.
      attempts = w.attempts + (w.lease_holder is not null)::integer
    from taken t where w.user_id = t.user_id and w.id = t.id
    returning w.*
  )
  select w.user_id, w.calendar_id, c.account_id, a.provider, c.provider_calendar_id,
    public.sealed_credentials(w.user_id, c.account_id), w.id, w.subject, w.lease_token, w.attempts,
    d.tag, d.draft, d.provider_event_id, d.etag
  from claimed w
  join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  left join lateral (
    select * from public.block_draft(w.user_id, w.id, w.last_error_code = 'stale') where w.subject = 'busy_block'
    union all
    select * from public.appointment_draft(w.user_id, w.id) where w.subject = 'appointment') d on true
  order by w.user_id, w.calendar_id, w.created_at, w.id;
end
$$;
comment on function public.claim_provider_writes is 'Leases due writes, fairly between accounts, with all that their delivery needs';

-- Internal: the calendars that have something to write now, and since when. From one to the next over the index: an
-- account with a hundred thousand writes costs one step. Those beyond a thousand have their turn when these are done.
create function public.calendars_with_writes(p_now timestamptz)
returns table (user_id uuid, calendar_id uuid, since timestamptz) language sql stable set search_path = '' as $$
  with recursive step as (
    (select w.user_id, w.calendar_id, 1 as steps from public.provider_writes w
     where w.dead_at is null order by w.user_id, w.calendar_id limit 1)
    union all
    select n.user_id, n.calendar_id, s.steps + 1 from step s
    cross join lateral (
      select w.user_id, w.calendar_id from public.provider_writes w
      where w.dead_at is null and (w.user_id, w.calendar_id) > (s.user_id, s.calendar_id)
      order by w.user_id, w.calendar_id limit 1) n
    where s.steps < 1000
  )
  select s.user_id, s.calendar_id, d.due_at from step s
  cross join lateral (
    select w.due_at from public.provider_writes w
    where w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.dead_at is null and w.due_at <= p_now
    order by w.due_at limit 1) d
$$;
comment on function public.calendars_with_writes is 'Calendars with due writes, and since when they are due';

-- Internal: what a busy block is to be at its provider; no draft: it is to be deleted. After a refused If-Match the
-- etag that the mirror knows is the newer one.
create function public.block_draft(p_user_id uuid, p_id uuid, p_was_stale boolean)
returns table (tag text, draft jsonb, provider_event_id text, etag text) language sql stable set search_path = '' as $$
  select b.tag,
    case when b.is_wanted then jsonb_build_object('summary', b.title, 'start_at', b.start_at, 'end_at', b.end_at,
      'start_date', b.start_date, 'end_date', b.end_date, 'visibility', 'private',
      'description', format('CalSync [%s:%s:%s:%s]', a.provider, a.id, b.source_calendar_id, b.source_event_key)) end,
    b.provider_event_id,
    case when p_was_stale then coalesce((
      select e.etag from public.calendar_events e
      where e.user_id = b.user_id and e.calendar_id = b.target_calendar_id
        and e.provider_event_id = b.provider_event_id), b.etag) else b.etag end
  from public.busy_blocks b
  -- One that was found and that nothing asks for has no source.
  left join public.calendars c on c.user_id = b.user_id and c.id = b.source_calendar_id
  left join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where b.user_id = p_user_id and b.id = p_id
$$;
comment on function public.block_draft is 'A busy block as its provider should have it';

revoke execute on function public.claim_provider_writes from public, anon, authenticated;
grant execute on function public.claim_provider_writes to service_role;
revoke execute on function public.calendars_with_writes from public, anon, authenticated;
grant execute on function public.calendars_with_writes to service_role;
revoke execute on function public.block_draft from public, anon, authenticated;
grant execute on function public.block_draft to service_role;

-- sql/functions/602_settle_provider_writes.sql
-- Settles the writes of one delivery to a calendar, each for whoever still holds its lease. p_outcomes:
-- [{"id", "lease_token", "result", "provider_event_id", "etag", "as_asked", "error_code", "error_message",
-- "delay_seconds", "dead"}]. Results: written; deleted; vanished, stale: the mirror is behind, so the calendar is read
-- again; failed: tried again after the delay, or dead; postponed: not tried. Answers how many counted.
create function public.settle_provider_writes(p_user_id uuid, p_calendar_id uuid, p_outcomes jsonb, p_api_calls integer)
returns table (settled integer, dead integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_account_id uuid;
  v_held jsonb;
  v_subject text;
begin
  select c.account_id into v_account_id from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
  -- The state row, the person, and then all else: in the order in which a sync takes them.
  if jsonb_path_exists(p_outcomes, '$[*] ? (@.result == "stale" || @.result == "vanished" || @.as_asked == false)') then
    perform public.make_due(p_user_id, p_calendar_id, 'repair');
  end if;
  perform public.lock_person(p_user_id);
  perform public.lock_subjects(p_user_id, p_outcomes);
  select coalesce(jsonb_agg(o || jsonb_build_object('subject', w.subject, 'changed', w.change_seq > w.claimed_seq)), '[]')
  into v_held
  from jsonb_array_elements(p_outcomes) o
  cross join lateral (
    select * from public.provider_writes w where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid
      and w.lease_token = (o ->> 'lease_token')::bigint and w.lease_expires_at > v_now
    for update) w;

  foreach v_subject in array array['busy_block', 'appointment'] loop
    perform public.settle_subjects(p_user_id, v_subject, jsonb_path_query_array(v_held,
      '$[*] ? (@.subject == $subject && (@.result == "written" || @.result == "deleted" || @.result == "vanished"))',
      jsonb_build_object('subject', v_subject)));
  end loop;
  perform public.release_done_writes(p_user_id, v_held);
  perform public.release_failed_writes(p_user_id, v_held);
  perform public.judge_writes(p_user_id, v_account_id, p_calendar_id);
  perform public.note_cost(p_user_id, p_calendar_id, p_api_calls, 0, 0, 0);
  perform public.spend_budget(p_user_id, v_account_id, p_api_calls);
  return query select jsonb_array_length(v_held),
    (select count(*)::integer from jsonb_array_elements(v_held) o where (o ->> 'dead')::boolean);
end
$$;
comment on function public.settle_provider_writes is 'Settles delivered writes: done, changed meanwhile, to be retried, or dead';

-- Internal: locks the busy blocks and appointments of writes, in the order of their ids.
create function public.lock_subjects(p_user_id uuid, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  perform from public.busy_blocks b
  where b.user_id = p_user_id and b.id = any (array(select (o ->> 'id')::uuid from jsonb_array_elements(p_outcomes) o))
  order by b.id for update;
  perform from public.appointment_links l
  where l.user_id = p_user_id and l.id = any (array(select (o ->> 'id')::uuid from jsonb_array_elements(p_outcomes) o))
  order by l.id for no key update;
end
$$;
comment on function public.lock_subjects is 'Locks what writes are about, before the writes themselves';

-- Internal: tells busy blocks or appointments what became of their events.
create function public.settle_subjects(p_user_id uuid, p_subject text, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if jsonb_array_length(p_outcomes) = 0 then
    return;
  elsif p_subject = 'busy_block' then
    perform public.settle_blocks(p_user_id, p_outcomes);
  else
    perform public.settle_appointments(p_user_id, p_outcomes);
  end if;
end
$$;
comment on function public.settle_subjects is 'Passes outcomes to what they are about';

-- Internal: writes that succeeded leave the outbox, unless there is more to do: changed meanwhile, found with another
-- content, or gone there and to be created anew. A busy block that is no more needs nothing.
create function public.release_done_writes(p_user_id uuid, p_held jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  delete from public.provider_writes w using jsonb_array_elements(p_held) o
  where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid
    and ((o ->> 'result' in ('written', 'deleted') and not (o ->> 'changed')::boolean
          and coalesce((o ->> 'as_asked')::boolean, true))
      or (o ->> 'result' in ('deleted', 'vanished') and w.subject = 'busy_block' and not exists (
            select from public.busy_blocks b where b.user_id = w.user_id and b.id = w.id)));
  update public.provider_writes w set
    action = case
      when w.subject = 'appointment' then case w.action when 'create' then 'update' else w.action end
      when not b.is_wanted then 'delete'
      when b.provider_event_id is null then 'create' else 'update' end,
    lease_holder = null, lease_expires_at = null, attempts = 0, updated_at = v_now,
    -- An appointment that is gone there waits for the mirror to say so.
    due_at = v_now + case when w.subject = 'appointment' and o ->> 'result' = 'vanished'
                          then interval '1 minute' else interval '0' end
  from jsonb_array_elements(p_held) o
  left join public.busy_blocks b on b.user_id = p_user_id and b.id = (o ->> 'id')::uuid
  where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid and o ->> 'result' in ('written', 'deleted', 'vanished');
  if found then
    perform pg_notify('calsync_due', '');
  end if;
end
$$;
comment on function public.release_done_writes is 'Ends successful writes; those with more to do are due again';

-- Internal: writes that did not succeed are due again after their delay, unless they changed meanwhile; a dead one
-- waits for `calsync dead-letters replay` or for the next change.
create function public.release_failed_writes(p_user_id uuid, p_held jsonb)
returns void language sql set search_path = '' as $$
  update public.provider_writes w set
    lease_holder = null, lease_expires_at = null, updated_at = public.calsync_now(),
    -- Merged while it was refused: its next try has the newer etag.
    due_at = public.calsync_now() + case when o ->> 'result' = 'stale' and (o ->> 'changed')::boolean then interval '0'
      else make_interval(secs => (o ->> 'delay_seconds')::double precision) end,
    attempts = w.attempts + (o ->> 'result' <> 'postponed')::integer,
    dead_at = case when (o ->> 'dead')::boolean and not (o ->> 'changed')::boolean then public.calsync_now() end,
    last_error_code = case when o ->> 'result' = 'stale' then 'stale' else o ->> 'error_code' end,
    last_error_message = o ->> 'error_message', last_error_at = public.calsync_now()
  from jsonb_array_elements(p_held) o
  where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid and o ->> 'result' in ('stale', 'failed', 'postponed')
$$;
comment on function public.release_failed_writes is 'Schedules the retry of failed writes';

-- Internal: one alert while a calendar has dead writes.
create function public.judge_writes(p_user_id uuid, p_account_id uuid, p_calendar_id uuid)
returns void language plpgsql set search_path = '' as $$
declare
  v_dead integer;
begin
  select count(*) into v_dead from public.provider_writes w
  where w.user_id = p_user_id and w.calendar_id = p_calendar_id and w.dead_at is not null;
  if v_dead = 0 then
    perform public.resolve_alerts(p_user_id, p_calendar_id, array['writes_failing']);
  else
    perform public.open_alert(p_user_id, p_account_id, p_calendar_id, 'writes_failing', 'high', format(
      'Events cannot be written to this calendar (%s waiting); list them with: calsync dead-letters', v_dead));
  end if;
end
$$;
comment on function public.judge_writes is 'Opens or resolves the alert about dead writes of a calendar';

revoke execute on function public.settle_provider_writes from public, anon, authenticated;
grant execute on function public.settle_provider_writes to service_role;
revoke execute on function public.lock_subjects from public, anon, authenticated;
grant execute on function public.lock_subjects to service_role;
revoke execute on function public.settle_subjects from public, anon, authenticated;
grant execute on function public.settle_subjects to service_role;
revoke execute on function public.release_done_writes from public, anon, authenticated;
grant execute on function public.release_done_writes to service_role;
revoke execute on function public.release_failed_writes from public, anon, authenticated;
grant execute on function public.release_failed_writes to service_role;
revoke execute on function public.judge_writes from public, anon, authenticated;
grant execute on function public.judge_writes to service_role;

-- sql/functions/620_busy_block_rules.sql
-- A person sets how one calendar blocks another. p_rule: {"is_enabled", "copy_title", "skip_free", "skip_tentative",
-- "skip_all_day", "skip_declined", "skip_working_location"}, each a boolean; what is left out stays as it is. A rule
-- may wait for its calendars: it never enables what is impossible (see busy_block_pairs).
create function public.set_busy_block_rule(p_user_id uuid, p_source uuid, p_target uuid, p_rule jsonb,
                                           p_actor text default 'cli', p_request_id text default null)
returns table (pair jsonb) language plpgsql set search_path = '' as $$
begin
  perform public.check_busy_block_pair(p_user_id, p_source, p_target);
  perform public.check_busy_block_rule(p_rule);
  insert into public.busy_block_rules as r (user_id, source_calendar_id, target_calendar_id, is_enabled, copy_title,
    skip_free, skip_tentative, skip_all_day, skip_declined, skip_working_location)
  select p.user_id, p.source_calendar_id, p.target_calendar_id, coalesce((p_rule ->> 'is_enabled')::boolean, p.by_default),
    coalesce((p_rule ->> 'copy_title')::boolean, p.copy_title), coalesce((p_rule ->> 'skip_free')::boolean, p.skip_free),
    coalesce((p_rule ->> 'skip_tentative')::boolean, p.skip_tentative),
    coalesce((p_rule ->> 'skip_all_day')::boolean, p.skip_all_day),
    coalesce((p_rule ->> 'skip_declined')::boolean, p.skip_declined),
    coalesce((p_rule ->> 'skip_working_location')::boolean, p.skip_working_location)
  from public.busy_block_pairs p
  where p.user_id = p_user_id and p.source_calendar_id = p_source and p.target_calendar_id = p_target
  on conflict (user_id, source_calendar_id, target_calendar_id) do update set
    is_enabled = coalesce((p_rule ->> 'is_enabled')::boolean, r.is_enabled), copy_title = excluded.copy_title,
    skip_free = excluded.skip_free, skip_tentative = excluded.skip_tentative, skip_all_day = excluded.skip_all_day,
    skip_declined = excluded.skip_declined, skip_working_location = excluded.skip_working_location,
    updated_at = public.calsync_now();
  perform public.mark_blocks_due(p_user_id, array[p_source, p_target]);
  perform public.write_audit(p_user_id, p_actor, 'busy_block_rule.set', p_source::text, p_request_id,
                             p_rule || jsonb_build_object('target_calendar_id', p_target));
  return query select to_jsonb(p) from public.busy_block_pairs p
  where p.user_id = p_user_id and p.source_calendar_id = p_source and p.target_calendar_id = p_target;
end
$$;
comment on function public.set_busy_block_rule is 'Sets the rule for busy blocks of a pair of calendars; gives the row of busy_block_pairs that holds now';

-- The default holds again. Answers whether there was a rule.
create function public.clear_busy_block_rule(p_user_id uuid, p_source uuid, p_target uuid, p_actor text default 'cli',
                                             p_request_id text default null)
returns table (cleared boolean) language plpgsql set search_path = '' as $$
begin
  perform public.check_busy_block_pair(p_user_id, p_source, p_target);
  delete from public.busy_block_rules r
  where r.user_id = p_user_id and r.source_calendar_id = p_source and r.target_calendar_id = p_target;
  cleared := found;
  if cleared then
    perform public.mark_blocks_due(p_user_id, array[p_source, p_target]);
    perform public.write_audit(p_user_id, p_actor, 'busy_block_rule.clear', p_source::text, p_request_id,
                               jsonb_build_object('target_calendar_id', p_target));
  end if;
  return next;
end
$$;
comment on function public.clear_busy_block_rule is 'Removes the rule of a pair of calendars: the default holds again';

-- Internal: refuses a pair that is none, or that is not the person's.
create function public.check_busy_block_pair(p_user_id uuid, p_source uuid, p_target uuid)
returns void language plpgsql stable set search_path = '' as $$
declare
  v_missing uuid;
begin
  if p_source = p_target then
    raise exception 'a calendar does not block itself' using errcode = 'CS003', hint = 'Name two calendars.';
  end if;
  select k.id into v_missing from unnest(array[p_source, p_target]) k (id)
  where not exists (select 1 from public.calendars c where c.user_id = p_user_id and c.id = k.id) limit 1;
  if found then
    raise exception 'calendar % does not exist', v_missing using errcode = 'CS002';
  end if;
end
$$;
comment on function public.check_busy_block_pair is 'CS002 for unknown calendars, CS003 for one calendar twice';

-- Internal: refuses words that no rule has, and values that are not booleans.
create function public.check_busy_block_rule(p_rule jsonb)
returns void language plpgsql immutable set search_path = '' as $$
declare
  v_words constant text[] := array['is_enabled', 'copy_title', 'skip_free', 'skip_tentative', 'skip_all_day',
                                   'skip_declined', 'skip_working_location'];
  v_wrong text;
begin
  if jsonb_typeof(p_rule) is distinct from 'object' then
    raise exception 'a rule is an object' using errcode = 'CS003', hint = 'Each of its values is true or false.';
  end if;
  select w.key into v_wrong from jsonb_each(p_rule) w
  where w.key <> all (v_words) or jsonb_typeof(w.value) <> 'boolean' order by w.key limit 1;
  if found then
    raise exception 'a rule cannot have % = %', v_wrong, p_rule -> v_wrong using errcode = 'CS003',
      hint = 'true or false for: ' || array_to_string(v_words, ', ');
  end if;
end
$$;
comment on function public.check_busy_block_rule is 'CS003 for what is no rule';

revoke execute on function public.set_busy_block_rule from public, anon, authenticated;
grant execute on function public.set_busy_block_rule to service_role;
revoke execute on function public.clear_busy_block_rule from public, anon, authenticated;
grant execute on function public.clear_busy_block_rule to service_role;
revoke execute on function public.check_busy_block_pair from public, anon, authenticated;
grant execute on function public.check_busy_block_pair to service_role;
revoke execute on function public.check_busy_block_rule from public, anon, authenticated;
grant execute on function public.check_busy_block_rule to service_role;

-- sql/functions/621_blocks_due.sql
-- Internal: the busy blocks from and in these calendars are to be planned again. Locked in the order of their ids.
create function public.mark_blocks_due(p_user_id uuid, p_calendar_ids uuid[])
returns void language sql set search_path = '' as $$
  update public.calendar_sync_states s set blocks_due_at = least(s.blocks_due_at, public.calsync_now())
  from (
    select k.user_id, k.calendar_id from public.calendar_sync_states k
    where k.user_id = p_user_id and k.calendar_id = any (p_calendar_ids)
    order by k.calendar_id for update
  ) k
  where s.user_id = k.user_id and s.calendar_id = k.calendar_id
$$;
comment on function public.mark_blocks_due is 'Has the busy blocks of calendars planned again';

-- Internal: a calendar was turned on or off, came or went, or its rights changed, whoever did it.
create function public.calendar_changes_blocks()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform public.mark_blocks_due(new.user_id, array[new.id]);
  return null;
end
$$;
comment on function public.calendar_changes_blocks is 'A calendar that changed what it blocks has its blocks planned again';
create trigger calendars_change_blocks after update on public.calendars for each row
  when ((old.sync_enabled, old.removed_at is null, old.access_role, old.is_primary)
        is distinct from (new.sync_enabled, new.removed_at is null, new.access_role, new.is_primary))
  execute function public.calendar_changes_blocks();

-- Internal: an account is connected again, or being disconnected.
create function public.account_changes_blocks()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform public.mark_blocks_due(new.user_id, array(
    select c.id from public.calendars c where c.user_id = new.user_id and c.account_id = new.id));
  return null;
end
$$;
comment on function public.account_changes_blocks is 'An account that comes or goes has the blocks of its calendars planned again';
create trigger calendar_accounts_change_blocks after update on public.calendar_accounts for each row
  when (old.status is distinct from new.status)
  execute function public.account_changes_blocks();

-- Internal: what is written for a person is planned and settled by one transaction at a time: two calendars of theirs
-- that are synced at once would each plan without knowing of the other. Taken after the state row and before all else.
create function public.lock_person(p_user_id uuid)
returns void language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended(p_user_id::text, 0))
$$;
comment on function public.lock_person is 'One transaction at a time plans or settles what is written for a person';

revoke execute on function public.mark_blocks_due from public, anon, authenticated;
grant execute on function public.mark_blocks_due to service_role;
revoke execute on function public.calendar_changes_blocks from public, anon, authenticated;
grant execute on function public.calendar_changes_blocks to service_role;
revoke execute on function public.account_changes_blocks from public, anon, authenticated;
grant execute on function public.account_changes_blocks to service_role;
revoke execute on function public.lock_person from public, anon, authenticated;
grant execute on function public.lock_person to service_role;

-- sql/functions/622_wanted_blocks.sql
-- Internal: what happens in these calendars from p_from to p_until, but for busy blocks and what takes no time.
create function public.blockable_happenings(p_user_id uuid, p_calendar_ids uuid[], p_from timestamptz, p_until timestamptz)
returns table (calendar_id uuid, event_key text, occurrence_key text, start_at timestamptz, end_at timestamptz,
  start_date date, end_date date, summary text, ical_uid text, organizer text, is_secret boolean, is_busy boolean,
  is_free boolean, is_tentative boolean, is_declined boolean, is_elsewhere boolean)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
  return query
  select o.calendar_id, coalesce(e.series_event_id, e.provider_event_id), o.occurrence_key, o.start_at, o.end_at,
    o.start_date, o.end_date, coalesce(e.summary, ''), e.ical_uid, lower(nullif(e.organizer ->> 'email', '')),
    e.visibility in ('private', 'confidential'), e.is_busy, e.show_as = 'free',
    e.status = 'tentative' or e.show_as = 'tentative' or coalesce(e.self_response = 'tentative', false),
    coalesce(e.self_response = 'declined', false),
    e.show_as = 'working_elsewhere' or e.event_type = 'workingLocation'
  from unnest(p_calendar_ids) k (id)
  cross join lateral (
    select o.* from public.event_occurrences o
    where o.user_id = p_user_id and o.calendar_id = k.id and o.start_at < p_until and o.end_at > p_from
      and o.end_at > o.start_at
    union all
    select o.* from public.event_occurrences o
    where o.user_id = p_user_id and o.calendar_id = k.id and o.start_date is not null
      and public.overlaps_window(null, null, o.start_date, o.end_date, p_from, p_until)) o
  cross join lateral (
    select e.* from public.calendar_events e where e.user_id = p_user_id and e.id = o.event_id limit 1) e
  where e.status <> 'cancelled' and coalesce(e.own_tag not like 'calsync:b:%', true);
end
$$;
comment on function public.blockable_happenings is 'Occurrences of calendars in a window, with all that rules for busy blocks ask';

-- Internal: the busy blocks that the rules ask for from and in a calendar, without those that the target already
-- shows: the same meeting (by iCalendar UID, or by organiser and title), as busy, at the same time.
create function public.wanted_blocks(p_user_id uuid, p_calendar_id uuid)
returns table (source_calendar_id uuid, target_calendar_id uuid, source_event_key text, occurrence_key text, title text,
  start_at timestamptz, end_at timestamptz, start_date date, end_date date)
-- Sets of the size of a calendar are compared; the planner cannot know how large they are.
language plpgsql stable set search_path = '' set enable_nestloop = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  with pairs as materialized (
    select p.* from public.busy_block_pairs p
    where p.user_id = p_user_id and p.is_enabled
      and (p.source_calendar_id = p_calendar_id or p.target_calendar_id = p_calendar_id)
  ), happenings as materialized (
    select h.* from public.blockable_happenings(p_user_id, array(
        select p.source_calendar_id from pairs p union select p.target_calendar_id from pairs p),
      public.calsync_now(), public.calsync_now() + (public.calsync_limits()).block_horizon) h
  )
  -- Keys are sorted as bytes: by the rules of a language it would take a third of all the time.
  select distinct on (p.source_calendar_id, p.target_calendar_id, h.event_key collate "C", h.occurrence_key collate "C")
    p.source_calendar_id, p.target_calendar_id, h.event_key, h.occurrence_key,
    case when p.copy_title and not h.is_secret and h.summary <> '' then '🔒 ' || left(h.summary, 200) else '🔒 Busy' end,
    h.start_at, h.end_at, h.start_date, h.end_date
  from pairs p
  join happenings h on h.calendar_id = p.source_calendar_id
  where not (p.skip_free and h.is_free) and not (p.skip_tentative and h.is_tentative)
    and not (p.skip_all_day and h.start_date is not null) and not (p.skip_declined and h.is_declined)
    and not (p.skip_working_location and h.is_elsewhere)
    and not exists (
      select 1 from happenings t
      where t.calendar_id = p.target_calendar_id and t.is_busy and t.ical_uid = h.ical_uid
        and coalesce(t.start_at, t.start_date::timestamp at time zone 'UTC')
          = coalesce(h.start_at, h.start_date::timestamp at time zone 'UTC')
        and (t.start_date is null) = (h.start_date is null))
    and not exists (
      select 1 from happenings t
      where t.calendar_id = p.target_calendar_id and t.is_busy and t.organizer = h.organizer and t.summary = h.summary
        and coalesce(t.start_at, t.start_date::timestamp at time zone 'UTC')
          = coalesce(h.start_at, h.start_date::timestamp at time zone 'UTC')
        and coalesce(t.end_at, t.end_date::timestamp at time zone 'UTC')
          = coalesce(h.end_at, h.end_date::timestamp at time zone 'UTC')
        and (t.start_date is null) = (h.start_date is null))
  order by p.source_calendar_id, p.target_calendar_id, h.event_key collate "C", h.occurrence_key collate "C",
    h.start_at, h.end_at, h.start_date, h.end_date;
end
$$;
comment on function public.wanted_blocks is 'The busy blocks that the rules ask for from and in a calendar';

-- Internal: a tag for a busy block of this installation: of its series, which is found again by it, and of itself.
create function public.new_block_tag(p_source_calendar_id uuid, p_source_event_key text, p_target_calendar_id uuid)
returns text language sql volatile set search_path = '' as $$
  select concat_ws(':', 'calsync:b', public.calsync_installation(),
    left(md5(concat_ws(' ', p_source_calendar_id, p_source_event_key, p_target_calendar_id)), 16),
    left(md5(gen_random_uuid()::text), 16))
$$;
comment on function public.new_block_tag is 'Tag of a new busy block';

revoke execute on function public.blockable_happenings from public, anon, authenticated;
grant execute on function public.blockable_happenings to service_role;
revoke execute on function public.wanted_blocks from public, anon, authenticated;
grant execute on function public.wanted_blocks to service_role;
revoke execute on function public.new_block_tag from public, anon, authenticated;
grant execute on function public.new_block_tag to service_role;

-- sql/functions/623_diff_blocks.sql
-- Internal: what is to change so that the busy blocks from and in a calendar are those that the rules ask for:
-- create; update; revive (one that was to be deleted, or has ended, is asked for again); rename (the occurrence has
-- another key and is else as it was); delete. Blocks keep their occurrence; those that have none left are paired with
-- the occurrences of the same series that have no block, first where nothing but the key differs, then in the order of
-- time: a series that moves is updated only. Blocks that have ended stay as they are, unless their pair blocks no more.
-- Nothing is concluded from a series that waits to be expanded anew.
create function public.diff_blocks(p_user_id uuid, p_calendar_id uuid)
returns table (change text, id uuid, source_calendar_id uuid, target_calendar_id uuid, source_event_key text,
  occurrence_key text, title text, start_at timestamptz, end_at timestamptz, start_date date, end_date date)
language plpgsql stable set search_path = '' set enable_nestloop = off set jit = off as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  return query
  with present as materialized (
    select b.* from public.busy_blocks b
    where b.user_id = p_user_id and b.source_calendar_id = p_calendar_id and b.is_wanted and b.ends_at > v_now
    union all
    select b.* from public.busy_blocks b
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted and b.ends_at > v_now
  ), both_sides as materialized (
    select b.id, b.title as old_title, b.start_at as old_start_at, b.end_at as old_end_at, b.start_date as old_start_date,
      b.end_date as old_end_date, w.title is not null as is_asked_for, w.title, w.start_at, w.end_at, w.start_date, w.end_date,
      source_calendar_id, target_calendar_id, source_event_key, occurrence_key
    from public.wanted_blocks(p_user_id, p_calendar_id) w
    full join present b using (source_calendar_id, target_calendar_id, source_event_key, occurrence_key)
  ), without_block as materialized (
    select w.*, d.id as former_id from both_sides w
    left join lateral (
      select b.id from public.busy_blocks b
      where b.user_id = p_user_id and b.source_calendar_id = w.source_calendar_id
        and b.source_event_key = w.source_event_key and b.target_calendar_id = w.target_calendar_id
        and b.occurrence_key = w.occurrence_key
      order by b.is_wanted desc, b.provider_event_id is not null desc, b.id limit 1) d on true
    where w.id is null
  ), without_occurrence as materialized (
    select b.* from both_sides b
    where not b.is_asked_for and not exists (
      select 1 from public.calendar_events e
      where e.user_id = p_user_id and e.expanded_to = '-infinity' and e.calendar_id = b.source_calendar_id
        and e.provider_event_id = b.source_event_key)
  ), loose as (
    select null::uuid as id, w.source_calendar_id, w.target_calendar_id, w.source_event_key, w.occurrence_key, w.title,
      w.start_at, w.end_at, w.start_date, w.end_date
    from without_block w where w.former_id is null
    union all
    select b.id, b.source_calendar_id, b.target_calendar_id, b.source_event_key, b.occurrence_key, b.old_title,
      b.old_start_at, b.old_end_at, b.old_start_date, b.old_end_date
    from without_occurrence b
  ), ranked as materialized (
    select l.*, row_number() over (
      partition by l.source_calendar_id, l.target_calendar_id, l.source_event_key, l.id is null
      order by l.is_same desc, coalesce(l.start_at, l.start_date::timestamp at time zone 'UTC'), l.occurrence_key) as place
    from (
      select l.*, bool_or(l.id is null) over same and bool_or(l.id is not null) over same as is_same from loose l
      window same as (partition by l.source_calendar_id, l.target_calendar_id, l.source_event_key,
                      l.start_at, l.end_at, l.start_date, l.end_date)
    ) l
  ), paired as (
    select b.id, b.title as old_title, b.start_at as old_start_at, b.end_at as old_end_at, b.start_date as old_start_date,
      b.end_date as old_end_date, w.place is not null as is_asked_for, w.occurrence_key, w.title, w.start_at, w.end_at,
      w.start_date, w.end_date, source_calendar_id, target_calendar_id, source_event_key
    from (select * from ranked r where r.id is null) w
    full join (select * from ranked r where r.id is not null) b
      using (source_calendar_id, target_calendar_id, source_event_key, place)
  )
  select 'update', b.id, b.source_calendar_id, b.target_calendar_id, b.source_event_key, b.occurrence_key, b.title,
    b.start_at, b.end_at, b.start_date, b.end_date
  from both_sides b
  where b.is_asked_for and b.id is not null and (b.title, b.start_at, b.end_at, b.start_date, b.end_date) is distinct from
    (b.old_title, b.old_start_at, b.old_end_at, b.old_start_date, b.old_end_date)
  union all
  select 'revive', w.former_id, w.source_calendar_id, w.target_calendar_id, w.source_event_key, w.occurrence_key, w.title,
    w.start_at, w.end_at, w.start_date, w.end_date
  from without_block w where w.former_id is not null
  union all
  select case
      when p.id is null then 'create'
      when not p.is_asked_for then 'delete'
      when (p.title, p.start_at, p.end_at, p.start_date, p.end_date) is distinct from
        (p.old_title, p.old_start_at, p.old_end_at, p.old_start_date, p.old_end_date) then 'update'
      else 'rename' end,
    p.id, p.source_calendar_id, p.target_calendar_id, p.source_event_key, p.occurrence_key, p.title,
    p.start_at, p.end_at, p.start_date, p.end_date
  from paired p
  union all
  select 'delete', b.id, b.source_calendar_id, b.target_calendar_id, b.source_event_key, b.occurrence_key, b.title,
    b.start_at, b.end_at, b.start_date, b.end_date
  from public.busy_block_pairs p
  cross join lateral (
    select b.* from public.busy_blocks b
    where b.user_id = p_user_id and b.source_calendar_id = p.source_calendar_id
      and b.target_calendar_id = p.target_calendar_id and b.is_wanted and b.ends_at <= v_now
    -- Looked up pair by pair: what has ended is much.
    offset 0) b
  where p.user_id = p_user_id and not p.is_enabled
    and (p.source_calendar_id = p_calendar_id or p.target_calendar_id = p_calendar_id);
end
$$;
comment on function public.diff_blocks is 'The changes that make busy blocks what the rules ask for';

revoke execute on function public.diff_blocks from public, anon, authenticated;
grant execute on function public.diff_blocks to service_role;

-- sql/functions/624_change_blocks.sql
-- Internal: makes the busy blocks from and in a calendar what the rules ask for. Blocks whose event is at its provider
-- are put into the outbox; those that are to be created are, by queue_unsettled_blocks, unless they are found there.
create function public.change_blocks(p_user_id uuid, p_calendar_id uuid, p_changed_at timestamptz)
returns table (created integer, updated integer, deleted integer) language plpgsql set search_path = '' as $$
declare
  v_unwanted uuid[];
  v_writes jsonb;
begin
  -- By default accounts block each other (busy_block_pairs): one alone, without a rule, has nothing to compare.
  if not exists (select from public.calendar_accounts a where a.user_id = p_user_id offset 1)
     and not exists (select from public.busy_block_rules r where r.user_id = p_user_id)
     and not exists (select from public.busy_blocks b where b.user_id = p_user_id) then
    return query select 0, 0, 0;
    return;
  end if;
  with change as materialized (
    select * from public.diff_blocks(p_user_id, p_calendar_id)
  ), made as (
    insert into public.busy_blocks (user_id, source_calendar_id, target_calendar_id, source_event_key, occurrence_key, tag,
      title, start_at, end_at, start_date, end_date, changed_at)
    select p_user_id, c.source_calendar_id, c.target_calendar_id, c.source_event_key, c.occurrence_key,
      public.new_block_tag(c.source_calendar_id, c.source_event_key, c.target_calendar_id),
      c.title, c.start_at, c.end_at, c.start_date, c.end_date, p_changed_at
    from change c where c.change = 'create'
  ), changed as (
    update public.busy_blocks b set
      occurrence_key = c.occurrence_key, title = c.title, start_at = c.start_at, end_at = c.end_at,
      start_date = c.start_date, end_date = c.end_date, is_wanted = true, updated_at = public.calsync_now(),
      reverted = case c.change when 'rename' then b.reverted else 0 end,
      changed_at = case c.change when 'rename' then b.changed_at else p_changed_at end
    from change c
    where b.user_id = p_user_id and b.id = c.id and c.change in ('update', 'revive', 'rename')
    returning b.id, b.target_calendar_id, b.provider_event_id, c.change
  )
  select array(select c.id from change c where c.change = 'delete'),
    (select count(*) from change c where c.change = 'create'),
    (select count(*) from changed c where c.change <> 'rename'),
    (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'calendar_id', c.target_calendar_id, 'action',
       case when c.provider_event_id is null then 'create' else 'update' end)), '[]')
     from changed c where c.change <> 'rename')
  into v_unwanted, created, updated, v_writes;
  if updated > 0 then
    perform public.queue_writes(p_user_id, 'busy_block', v_writes);
  end if;
  deleted := public.remove_blocks(p_user_id, v_unwanted, p_changed_at);
  return next;
end
$$;
comment on function public.change_blocks is 'Applies what diff_blocks finds';

-- Internal: these busy blocks are not asked for any more: their events are to be deleted. A block that no worker has
-- ever taken to its provider just goes. So does one in a calendar that nobody can write any more.
create function public.remove_blocks(p_user_id uuid, p_ids uuid[], p_changed_at timestamptz)
returns integer language plpgsql set search_path = '' as $$
declare
  v_gone uuid[];
  v_writes jsonb;
begin
  if cardinality(p_ids) = 0 then
    return 0;
  end if;
  update public.busy_blocks b set is_wanted = false, changed_at = p_changed_at, updated_at = public.calsync_now()
  where b.user_id = p_user_id and b.id = any (p_ids) and b.is_wanted;

  with idle as (
    delete from public.provider_writes w using public.busy_blocks b
    where w.user_id = p_user_id and w.id = any (p_ids) and b.user_id = w.user_id and b.id = w.id
      and ((b.provider_event_id is null and w.claimed_seq = 0)
           or public.is_out_of_reach(b.user_id, b.target_calendar_id))
    returning w.id
  )
  select array(select i.id from idle i) into v_gone;
  delete from public.busy_blocks b
  where b.user_id = p_user_id and b.id = any (p_ids)
    and (b.id = any (v_gone) or (not exists (
           select 1 from public.provider_writes w where w.user_id = p_user_id and w.id = b.id)
         and (b.provider_event_id is null or public.is_out_of_reach(b.user_id, b.target_calendar_id))));

  select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'calendar_id', b.target_calendar_id, 'action', 'delete')), '[]')
  into v_writes from public.busy_blocks b where b.user_id = p_user_id and b.id = any (p_ids);
  perform public.queue_writes(p_user_id, 'busy_block', v_writes);
  return cardinality(p_ids);
end
$$;
comment on function public.remove_blocks is 'Has the events of busy blocks deleted';

-- Internal: whether nobody can write a calendar any more: it is gone, or its account is, or access to it was lost before
-- the account was to be disconnected.
create function public.is_out_of_reach(p_user_id uuid, p_calendar_id uuid)
returns boolean language sql stable set search_path = '' as $$
  select c.removed_at is not null or a.status = 'disconnected'
    or (a.status = 'disconnecting' and a.status_reason = 'access_lost')
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = p_user_id and c.id = p_calendar_id
$$;
comment on function public.is_out_of_reach is 'Whether a calendar can be written no more';

-- Internal: busy blocks of a person that are not yet, or no longer, at their provider and not in the outbox go there.
-- Not those whose event was deleted there again and again: somebody does not want it.
create function public.queue_unsettled_blocks(p_user_id uuid)
returns integer language sql set search_path = '' as $$
  select public.queue_writes(p_user_id, 'busy_block', coalesce(jsonb_agg(jsonb_build_object('id', b.id,
    'calendar_id', b.target_calendar_id, 'action', case when b.is_wanted then 'create' else 'delete' end)), '[]'))
  from public.busy_blocks b
  where b.user_id = p_user_id and (b.provider_event_id is null or not b.is_wanted)
    and (b.reverted <= 5 or not b.is_wanted)
    and not exists (select 1 from public.provider_writes w where w.user_id = p_user_id and w.id = b.id)
$$;
comment on function public.queue_unsettled_blocks is 'Puts busy blocks that are not at their provider into the outbox';

revoke execute on function public.change_blocks from public, anon, authenticated;
grant execute on function public.change_blocks to service_role;
revoke execute on function public.remove_blocks from public, anon, authenticated;
grant execute on function public.remove_blocks to service_role;
revoke execute on function public.is_out_of_reach from public, anon, authenticated;
grant execute on function public.is_out_of_reach to service_role;
revoke execute on function public.queue_unsettled_blocks from public, anon, authenticated;
grant execute on function public.queue_unsettled_blocks to service_role;

-- sql/functions/625_adopt_blocks.sql
-- Internal: busy blocks that were not written as far as their rows know, but that the mirror shows: the answer to a
-- create was lost, or the database was restored. First by tag, then among the blocks of the same series.
create function public.adopt_blocks(p_user_id uuid)
returns void language plpgsql set search_path = '' as $$
declare
  v_adopted uuid[];
begin
  if not exists (
    select 1 from public.busy_blocks b
    where b.user_id = p_user_id and b.provider_event_id is null and (b.provider_event_id is null or not b.is_wanted)) then
    return;
  end if;
  v_adopted := public.adopt_blocks_by_tag(p_user_id) || public.adopt_blocks_by_series(p_user_id);
  if cardinality(v_adopted) > 0 then
    perform public.compare_adopted_blocks(p_user_id, v_adopted);
  end if;
end
$$;
comment on function public.adopt_blocks is 'Recognises events of ours that the mirror shows';

-- Internal: events of this installation in the mirror that no busy block knows: p_prefix is that of their tags.
create function public.stray_events(p_user_id uuid, p_calendar_id uuid, p_prefix text)
returns table (provider_event_id text, etag text, own_tag text, title text, start_at timestamptz, end_at timestamptz,
  start_date date, end_date date, mirrored_at timestamptz)
language sql stable set search_path = '' as $$
  select e.provider_event_id, e.etag, e.own_tag, coalesce(e.summary, ''), e.start_at, e.end_at, e.start_date, e.end_date,
    e.updated_at
  from public.calendar_events e
  left join lateral (
    -- One index probe per event whatever the planner believes.
    select b.id from public.busy_blocks b
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.provider_event_id = e.provider_event_id
    limit 1) known on true
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.own_tag like 'calsync:b:%'
    -- As LIKE would, but for an index: ';' comes after ':'.
    and e.own_tag collate "C" >= p_prefix || ':' and e.own_tag collate "C" < p_prefix || ';'
    and e.status <> 'cancelled' and e.kind = 'single'
    -- In this order: nearly all are known, and the pattern costs more than the probe.
    and case when known.id is null then e.own_tag ~ '^calsync:b:[0-9a-f]{8}:[0-9a-f]{16}:[0-9a-f]{16}$' else false end
$$;
comment on function public.stray_events is 'Mirrored busy blocks of this installation that no row knows';

-- Internal: a create was answered to nobody, or is being answered right now.
create function public.adopt_blocks_by_tag(p_user_id uuid)
returns uuid[] language sql set search_path = '' as $$
  with found as (
    update public.busy_blocks b set provider_event_id = e.provider_event_id, etag = e.etag,
      written_at = public.calsync_now(), changed_at = null, updated_at = public.calsync_now()
    from (
      select k.id, s.provider_event_id, s.etag from public.busy_blocks k
      cross join lateral (
        select s.* from public.stray_events(p_user_id, k.target_calendar_id, left(k.tag, 35)) s
        where s.own_tag = k.tag order by s.provider_event_id limit 1) s
      where k.user_id = p_user_id and k.provider_event_id is null and (k.provider_event_id is null or not k.is_wanted)
    ) e
    where b.user_id = p_user_id and b.id = e.id
    returning b.id
  )
  select array(select f.id from found f)
$$;
comment on function public.adopt_blocks_by_tag is 'Adopts mirrored busy blocks that carry the tag of a row';

-- Internal: rows that were made anew after a restore take the events that earlier rows had written for the series:
-- first those at the same time, then in the order of time. A create that is being delivered goes on.
create function public.adopt_blocks_by_series(p_user_id uuid)
returns uuid[] language sql set search_path = '' as $$
  with lone as materialized (
    select b.id, b.target_calendar_id, left(b.tag, 35) as series, b.start_at, b.end_at, b.start_date, b.end_date
    from public.busy_blocks b
    where b.user_id = p_user_id and b.provider_event_id is null and b.is_wanted
      and not exists (
        select 1 from public.provider_writes w
        where w.user_id = p_user_id and w.id = b.id and w.lease_expires_at > public.calsync_now())
  ), both_sides as (
    select l.*, null as provider_event_id, null as etag, null as own_tag from lone l
    union all
    select null, k.target_calendar_id, k.series, s.start_at, s.end_at, s.start_date, s.end_date, s.provider_event_id,
      s.etag, s.own_tag
    from (select distinct l.target_calendar_id, l.series from lone l) k
    cross join lateral public.stray_events(p_user_id, k.target_calendar_id, k.series) s
    -- Another row has that very tag: it is about another event.
    where not exists (
      select 1 from public.busy_blocks b
      where b.user_id = p_user_id and b.target_calendar_id = k.target_calendar_id and b.tag = s.own_tag)
  ), ranked as materialized (
    select l.*, row_number() over (
      partition by l.target_calendar_id, l.series, l.id is null
      order by l.is_same desc, coalesce(l.start_at, l.start_date::timestamp at time zone 'UTC'), l.provider_event_id, l.id
    ) as place
    from (
      select s.*, bool_or(s.id is null) over same and bool_or(s.id is not null) over same as is_same from both_sides s
      window same as (partition by s.target_calendar_id, s.series, s.start_at, s.end_at, s.start_date, s.end_date)
    ) l
  ), found as (
    update public.busy_blocks b set tag = s.own_tag, provider_event_id = s.provider_event_id, etag = s.etag,
      written_at = public.calsync_now(), changed_at = null, updated_at = public.calsync_now()
    from ranked l
    join ranked s on s.target_calendar_id = l.target_calendar_id and s.series = l.series and s.place = l.place
    where l.id is not null and s.id is null and b.user_id = p_user_id and b.id = l.id
    returning b.id
  )
  select array(select f.id from found f)
$$;
comment on function public.adopt_blocks_by_series is 'Adopts mirrored busy blocks of the series of rows that have no event';

-- Internal: adopted busy blocks that are as they should be have nothing to write any more, others are to be updated.
create function public.compare_adopted_blocks(p_user_id uuid, p_ids uuid[])
returns void language plpgsql set search_path = '' as $$
declare
  v_writes jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'calendar_id', b.target_calendar_id, 'action', 'update')), '[]')
  into v_writes from public.busy_blocks b
  where b.user_id = p_user_id and b.id = any (p_ids) and b.is_wanted
    and not public.shows_block(b);
  perform public.queue_writes(p_user_id, 'busy_block', v_writes);
  delete from public.provider_writes w using public.busy_blocks b
  where w.user_id = p_user_id and w.id = any (p_ids)
    and coalesce(w.lease_expires_at <= public.calsync_now(), true)
    and b.user_id = w.user_id and b.id = w.id and b.is_wanted
    and public.shows_block(b);
end
$$;
comment on function public.compare_adopted_blocks is 'Updates adopted busy blocks that differ; ends the writes of those that do not';

-- Internal: whether the mirror shows a busy block as it should be.
create function public.shows_block(p_block public.busy_blocks)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select 1 from public.calendar_events e
    where e.user_id = p_block.user_id and e.calendar_id = p_block.target_calendar_id
      and e.provider_event_id = p_block.provider_event_id
      and (e.summary, e.start_at, e.end_at, e.start_date, e.end_date) is not distinct from
        (p_block.title, p_block.start_at, p_block.end_at, p_block.start_date, p_block.end_date))
$$;
comment on function public.shows_block is 'Whether the mirror has a busy block with its title and times';

revoke execute on function public.adopt_blocks from public, anon, authenticated;
grant execute on function public.adopt_blocks to service_role;
revoke execute on function public.stray_events from public, anon, authenticated;
grant execute on function public.stray_events to service_role;
revoke execute on function public.adopt_blocks_by_tag from public, anon, authenticated;
grant execute on function public.adopt_blocks_by_tag to service_role;
revoke execute on function public.adopt_blocks_by_series from public, anon, authenticated;
grant execute on function public.adopt_blocks_by_series to service_role;
revoke execute on function public.compare_adopted_blocks from public, anon, authenticated;
grant execute on function public.compare_adopted_blocks to service_role;
revoke execute on function public.shows_block from public, anon, authenticated;
grant execute on function public.shows_block to service_role;

-- sql/functions/626_reconcile_blocks.sql
-- Internal: events of this installation in a calendar that nothing asks for get a row that has them deleted. Not while
-- a calendar that may ask for one was not read since the database was restarted or restored, and not one that this
-- sync brought: it may have been deleted since it was read. Answers whether some are left for later.
create function public.remove_strays(p_user_id uuid, p_calendar_id uuid, p_claimed_at timestamptz)
returns boolean language plpgsql set search_path = '' as $$
declare
  v_strays integer;
  v_taken integer;
begin
  if not exists (
    select 1 from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.own_tag like 'calsync:b:%')
    or public.is_out_of_reach(p_user_id, p_calendar_id) then
    return false;
  end if;
  with stray as materialized (
    select * from public.stray_events(p_user_id, p_calendar_id, 'calsync:b:' || public.calsync_installation())
  ), taken as (
    insert into public.busy_blocks (user_id, source_event_key, occurrence_key, target_calendar_id, tag, title, start_at,
      end_at, start_date, end_date, is_wanted, provider_event_id, etag, written_at)
    select p_user_id, split_part(s.own_tag, ':', 4), s.provider_event_id, p_calendar_id,
      -- Its own tag, unless a row has it: somebody copied the event.
      case when row_number() over (partition by s.own_tag order by s.provider_event_id) > 1 or exists (
          select 1 from public.busy_blocks b
          where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.tag = s.own_tag)
        then left(s.own_tag, 36) || left(md5(gen_random_uuid()::text), 16) else s.own_tag end,
      s.title, s.start_at, s.end_at, s.start_date, s.end_date, false, s.provider_event_id, s.etag, public.calsync_now()
    from stray s
    where (p_claimed_at is null or s.mirrored_at < p_claimed_at) and not exists (
      select 1 from public.busy_block_pairs p
      join public.calendars c on c.user_id = p_user_id and c.id = p.source_calendar_id
      join public.calendar_accounts a on a.user_id = p_user_id and a.id = c.account_id
      join public.calendar_sync_states u on u.user_id = p_user_id and u.calendar_id = p.source_calendar_id
      where p.user_id = p_user_id and p.target_calendar_id = p_calendar_id and p.is_enabled and a.status = 'active'
        and u.read_epoch is distinct from public.calsync_epoch() and u.dead_at is null)
    returning 1
  )
  select (select count(*) from stray), (select count(*) from taken) into v_strays, v_taken;
  return v_strays > v_taken;
end
$$;
comment on function public.remove_strays is 'Has events of this installation deleted that nothing asks for';

-- Internal: events in a calendar are gone at the provider. Busy blocks among them need a new event; one that nothing
-- asks for is left to its delete, which finds nothing. Counted with the changes that are undone: two systems must not
-- chase each other for ever.
create function public.forget_vanished_blocks(p_user_id uuid, p_calendar_id uuid, p_provider_event_ids text[])
returns void language plpgsql set search_path = '' as $$
declare
  v_writes jsonb;
begin
  if not exists (
    select 1 from public.busy_blocks b
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted
      and b.provider_event_id = any (p_provider_event_ids)) then
    return;
  end if;
  perform public.lock_person(p_user_id);
  with gone as (
    update public.busy_blocks b set
      tag = left(b.tag, 36) || left(md5(gen_random_uuid()::text), 16), provider_event_id = null, etag = null,
      written_at = null, changed_at = public.calsync_now(), reverted = b.reverted + 1, updated_at = public.calsync_now()
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted
      and b.provider_event_id = any (p_provider_event_ids)
    returning b.id
  )
  -- Where a write is on its way, its answer must not be the last word; the others follow when the calendar is read.
  select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'calendar_id', w.calendar_id, 'action', 'create')), '[]')
  into v_writes from gone g
  join public.provider_writes w on w.user_id = p_user_id and w.id = g.id;
  perform public.queue_writes(p_user_id, 'busy_block', v_writes);
end
$$;
comment on function public.forget_vanished_blocks is 'Busy blocks whose events are gone at the provider are to be created anew';

-- Internal: what a sync of a calendar shows of the busy blocks in it. One that somebody changed is set right, five times
-- at most; whoever changes only what is theirs to change (a colour) leaves nothing but a new etag. One that was
-- written a day ago and never came back is gone. p_claimed_at: what was written since may not have been read yet.
create function public.compare_blocks(p_user_id uuid, p_calendar_id uuid, p_claimed_at timestamptz)
returns integer language plpgsql set search_path = '' set enable_nestloop = off set jit = off as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_lost text[];
  v_writes jsonb;
begin
  with shown as materialized (
    select b.id, b.provider_event_id, b.written_at, b.reverted, e.etag, e.provider_event_id is null as is_missing,
      (e.summary, e.start_at, e.end_at, e.start_date, e.end_date) is distinct from
        (b.title, b.start_at, b.end_at, b.start_date, b.end_date) as differs
    from public.busy_blocks b
    left join (
      select e.* from public.calendar_events e
      where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.own_tag like 'calsync:b:%'
    ) e on e.provider_event_id = b.provider_event_id
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted
      and b.ends_at > v_now and b.written_at < p_claimed_at
      and (e.provider_event_id is null or e.etag <> b.etag)
  ), quiet as materialized (
    select s.*, w.id is not null as is_open, s.differs and w.id is null and s.reverted < 5 as is_to_revert from shown s
    left join public.provider_writes w on w.user_id = p_user_id and w.id = s.id
    where coalesce(w.lease_expires_at <= v_now, true)
  ), seen as (
    update public.busy_blocks b set etag = q.etag, updated_at = v_now,
      reverted = b.reverted + q.is_to_revert::integer,
      changed_at = case when q.is_to_revert then v_now else b.changed_at end
    from quiet q
    where not q.is_missing and b.user_id = p_user_id and b.id = q.id
    returning b.id, b.target_calendar_id, q.is_to_revert
  )
  select (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'calendar_id', s.target_calendar_id, 'action', 'update')),
      '[]') from seen s where s.is_to_revert),
    array(
      -- Without a tag that tells it for ours, or refused, it is still there.
      select q.provider_event_id from quiet q
      where q.is_missing and not q.is_open and q.written_at < v_now - interval '1 day'
        and not exists (select 1 from public.mirrored_etags m
                        where m.user_id = p_user_id and m.calendar_id = p_calendar_id
                          and m.provider_event_id = q.provider_event_id))
  into v_writes, v_lost;
  perform public.forget_vanished_blocks(p_user_id, p_calendar_id, v_lost);
  return public.queue_writes(p_user_id, 'busy_block', v_writes);
end
$$;
comment on function public.compare_blocks is 'Sets right what somebody changed in busy blocks, as a sync found them';

revoke execute on function public.remove_strays from public, anon, authenticated;
grant execute on function public.remove_strays to service_role;
revoke execute on function public.forget_vanished_blocks from public, anon, authenticated;
grant execute on function public.forget_vanished_blocks to service_role;
revoke execute on function public.compare_blocks from public, anon, authenticated;
grant execute on function public.compare_blocks to service_role;

-- sql/functions/627_plan_busy_blocks.sql
-- Plans the busy blocks from and in a calendar: what the rules ask for against what is there, and against what the
-- mirror shows of it. Where nothing changed, nothing is written. p_changed_at: when that was made, or noticed, which
-- calls for it; null where only time passed. p_claimed_at: since when the sync runs that just ended; null without one.
create function public.plan_busy_blocks(p_user_id uuid, p_calendar_id uuid, p_changed_at timestamptz default null,
                                        p_claimed_at timestamptz default null)
returns table (created integer, updated integer, deleted integer) language plpgsql set search_path = '' as $$
declare
  v_left boolean;
begin
  perform from public.calendar_sync_states s
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id for update;
  perform public.lock_person(p_user_id);
  select c.created, c.updated, c.deleted into created, updated, deleted
  from public.change_blocks(p_user_id, p_calendar_id, p_changed_at) c;
  perform public.adopt_blocks(p_user_id);
  v_left := public.remove_strays(p_user_id, p_calendar_id, p_claimed_at);
  if p_claimed_at is not null then
    updated := updated + public.compare_blocks(p_user_id, p_calendar_id, p_claimed_at);
  end if;
  perform public.queue_unsettled_blocks(p_user_id);
  update public.calendar_sync_states s set blocks_planned_at = public.calsync_now(),
    -- What this sync brought is settled at once, what waits for other calendars later.
    blocks_due_at = case when v_left then public.calsync_now()
      + case when p_claimed_at is null then interval '10 seconds' else interval '0' end end
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
  return next;
end
$$;
comment on function public.plan_busy_blocks is 'Makes busy blocks from and in a calendar what the rules ask for, through the outbox';

-- Internal: the last page of a sync calls for a plan, which is counted in its log.
create function public.log_planned_blocks(p_state public.calendar_sync_states, p_changed_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_done record;
begin
  select * into v_done
  from public.plan_busy_blocks(p_state.user_id, p_state.calendar_id, p_changed_at, p_state.claimed_at);
  if v_done.created + v_done.updated + v_done.deleted > 0 then
    update public.calendar_sync_logs l set busy_blocks_created = l.busy_blocks_created + v_done.created,
      busy_blocks_updated = l.busy_blocks_updated + v_done.updated,
      busy_blocks_deleted = l.busy_blocks_deleted + v_done.deleted
    where l.user_id = p_state.user_id and l.created_at = p_state.claimed_at and l.id = p_state.log_id;
  end if;
end
$$;
comment on function public.log_planned_blocks is 'Plans busy blocks at the end of a sync and counts them in its log';

-- Plans calendars whose blocks are due: a rule or a calendar changed, a window slid; and all of them twice a day, since
-- time passes. Persons in the order of their locks, so that two who do this wait for each other and not in a circle.
create function public.plan_due_busy_blocks(p_limit integer)
returns table (planned integer, created integer, updated integer, deleted integer) language plpgsql set search_path = '' as $$
declare
  v_state record;
  v_done record;
begin
  planned := 0; created := 0; updated := 0; deleted := 0;
  for v_state in
    with changed as materialized (
      select s.user_id, s.calendar_id, s.blocks_due_at from public.calendar_sync_states s
      where s.blocks_due_at <= public.calsync_now() order by s.blocks_due_at limit p_limit for update skip locked
    ), old as materialized (
      select s.user_id, s.calendar_id from public.calendar_sync_states s
      where s.blocks_planned_at < public.calsync_now() - interval '12 hours' order by s.blocks_planned_at limit p_limit
      for update skip locked
    )
    select user_id, calendar_id, c.blocks_due_at from changed c full join old o using (user_id, calendar_id)
    order by hashtextextended(user_id::text, 0)
  loop
    select * into v_done from public.plan_busy_blocks(v_state.user_id, v_state.calendar_id, v_state.blocks_due_at);
    planned := planned + 1;
    created := created + v_done.created;
    updated := updated + v_done.updated;
    deleted := deleted + v_done.deleted;
  end loop;
  return next;
end
$$;
comment on function public.plan_due_busy_blocks is 'Plans the busy blocks of calendars that are due for it';

revoke execute on function public.plan_busy_blocks from public, anon, authenticated;
grant execute on function public.plan_busy_blocks to service_role;
revoke execute on function public.log_planned_blocks from public, anon, authenticated;
grant execute on function public.log_planned_blocks to service_role;
revoke execute on function public.plan_due_busy_blocks from public, anon, authenticated;
grant execute on function public.plan_due_busy_blocks to service_role;

-- sql/functions/628_settle_blocks.sql
-- Internal: what became of the events of busy blocks; called by the outbox, which holds their writes.
-- p_outcomes: [{"id", "result": "written" | "deleted" | "vanished", "provider_event_id", "etag"}].
create function public.settle_blocks(p_user_id uuid, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  perform public.lock_person(p_user_id);
  update public.busy_blocks b set provider_event_id = o.provider_event_id, etag = o.etag, written_at = v_now, updated_at = v_now
  from jsonb_to_recordset(p_outcomes) as o (id uuid, result text, provider_event_id text, etag text)
  where b.user_id = p_user_id and b.id = o.id and o.result = 'written';
  -- The mirror knows it at once: a calendar that is turned off is never read again.
  delete from public.calendar_events e
  using jsonb_to_recordset(p_outcomes) as o (id uuid, result text), public.busy_blocks b
  where o.result in ('deleted', 'vanished') and b.user_id = p_user_id and b.id = o.id
    and e.user_id = p_user_id and e.calendar_id = b.target_calendar_id and e.provider_event_id = b.provider_event_id;
  delete from public.busy_blocks b
  using jsonb_to_recordset(p_outcomes) as o (id uuid, result text)
  where b.user_id = p_user_id and b.id = o.id and o.result in ('deleted', 'vanished') and not b.is_wanted;
  -- Asked for again while it was being deleted, or deleted by somebody: a new event, which the old tag would hide.
  update public.busy_blocks b set tag = left(b.tag, 36) || left(md5(gen_random_uuid()::text), 16),
    provider_event_id = null, etag = null, written_at = null, updated_at = v_now
  from jsonb_to_recordset(p_outcomes) as o (id uuid, result text)
  where b.user_id = p_user_id and b.id = o.id and o.result in ('deleted', 'vanished') and b.is_wanted;
end
$$;
comment on function public.settle_blocks is 'Records what became of the events of busy blocks';

revoke execute on function public.settle_blocks from public, anon, authenticated;
grant execute on function public.settle_blocks to service_role;

-- sql/functions/629_remove_all_blocks.sql
-- Internal: every busy block from or in these calendars is to go, whatever the rules say. Answers how many are not gone
-- yet. Whoever calls this may hold the account, for which those who hold the lock may wait: so it is not waited for.
-- Dead writes do not count: nothing can be done about them.
create function public.remove_blocks_of_calendars(p_user_id uuid, p_calendar_ids uuid[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_free constant boolean := pg_try_advisory_xact_lock(hashtextextended(p_user_id::text, 0));
  v_left integer;
begin
  if v_free then
    perform public.remove_blocks(p_user_id, array(
      select b.id from public.busy_blocks b
      where b.user_id = p_user_id and b.is_wanted
        and (b.source_calendar_id = any (p_calendar_ids) or b.target_calendar_id = any (p_calendar_ids))),
      public.calsync_now());
    perform public.queue_unsettled_blocks(p_user_id);
  end if;
  select count(*) into v_left from public.busy_blocks b
  left join public.provider_writes w on w.user_id = b.user_id and w.id = b.id
  where b.user_id = p_user_id and w.dead_at is null
    and (b.source_calendar_id = any (p_calendar_ids) or b.target_calendar_id = any (p_calendar_ids));
  return v_left;
end
$$;
comment on function public.remove_blocks_of_calendars is 'Removes the busy blocks from and in calendars; how many are left';

-- Every busy block from or in a calendar is to go; the caller has turned the calendar off.
-- Answers how many are not gone yet; call it again until none is.
create function public.remove_blocks_of_calendar(p_user_id uuid, p_calendar_id uuid)
returns integer language sql set search_path = '' as $$
  select public.remove_blocks_of_calendars(p_user_id, array[p_calendar_id])
$$;
comment on function public.remove_blocks_of_calendar is 'Removes the busy blocks from and in a calendar; how many are left';

-- The same for all calendars of an account, before access to it is given back.
create function public.remove_blocks_of_account(p_user_id uuid, p_account_id uuid)
returns integer language sql set search_path = '' as $$
  select public.remove_blocks_of_calendars(p_user_id, array(
    select c.id from public.calendars c where c.user_id = p_user_id and c.account_id = p_account_id))
$$;
comment on function public.remove_blocks_of_account is 'Removes the busy blocks from and in the calendars of an account; how many are left';

revoke execute on function public.remove_blocks_of_calendar from public, anon, authenticated;
grant execute on function public.remove_blocks_of_calendar to service_role;
revoke execute on function public.remove_blocks_of_account from public, anon, authenticated;
grant execute on function public.remove_blocks_of_account to service_role;
revoke execute on function public.remove_blocks_of_calendars from public, anon, authenticated;
grant execute on function public.remove_blocks_of_calendars to service_role;

-- sql/functions/630_rereads.sql
-- Nothing is created in a calendar that was not read since the database was restarted or restored; where something
-- waits to be, the calendar is read now. A calendar that fails is tried again by itself.
create function public.make_rereads_due()
returns table (due integer) language sql set search_path = '' as $$
  with unread as materialized (
    select s.user_id, s.calendar_id from public.calendars_with_writes(public.calsync_now()) w
    join public.calendar_sync_states s on s.user_id = w.user_id and s.calendar_id = w.calendar_id
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.read_epoch is distinct from public.calsync_epoch() and s.due_at > public.calsync_now()
      and s.lease_holder is null and s.attempts = 0 and c.sync_enabled and c.removed_at is null and a.status = 'active'
      and exists (select 1 from public.provider_writes p
                  where p.user_id = s.user_id and p.calendar_id = s.calendar_id and p.action = 'create' and p.dead_at is null)
  )
  select count(*) filter (where public.make_due(u.user_id, u.calendar_id, 'repair'))::integer from unread u
$$;
comment on function public.make_rereads_due is 'Has calendars read where creates wait for it';

revoke execute on function public.make_rereads_due from public, anon, authenticated;
grant execute on function public.make_rereads_due to service_role;

-- sql/functions/640_appointments.sql
-- Internal: an instant as versions of appointments hold it: UTC with microseconds, as shared.decide writes it.
create function public.instant_text(p_at timestamptz) returns text language sql stable
set search_path = '' as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
comment on function public.instant_text is 'An instant in ISO 8601, UTC, with microseconds';

-- Internal: the version of an appointment: what of it goes to the provider (shared.model.Draft) and comes back.
create function public.appointment_content(a public.appointments) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('summary', a.summary, 'description', a.description, 'location', a.location,
    'start_at', public.instant_text(a.start_at), 'end_at', public.instant_text(a.end_at),
    'start_date', a.start_date, 'end_date', a.end_date, 'time_zone', a.time_zone,
    'show_as', a.show_as, 'visibility', a.visibility)
$$;
comment on function public.appointment_content is 'What of an appointment both sides keep in step';

-- Internal: the same of a mirrored event; null where it is cancelled.
create function public.event_content(e public.calendar_events) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('summary', coalesce(e.summary, ''), 'description', e.description, 'location', e.location,
    'start_at', public.instant_text(e.start_at), 'end_at', public.instant_text(e.end_at),
    'start_date', e.start_date, 'end_date', e.end_date, 'time_zone', e.time_zone,
    'show_as', e.show_as, 'visibility', e.visibility)
  where e.status <> 'cancelled'
$$;
comment on function public.event_content is 'What of an event an appointment keeps in step with';

-- Internal: whether this names an IANA zone (America/Port-au-Prince, Etc/GMT+3, UTC). Postgres alone would take
-- "EST5EDT" and "foo+3" as well, of which no provider has heard.
create function public.is_zone(p_name text) returns boolean language plpgsql stable
set search_path = '' as $$
begin
  if p_name = 'UTC' then
    return true;
  elsif p_name !~ '^[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+){1,2}$' and p_name !~ '^Etc/GMT[+-]\d{1,2}$' then
    return false;
  end if;
  perform now() at time zone p_name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;
comment on function public.is_zone is 'Whether a name is that of an IANA time zone';

-- Before an appointment is written: its calendar is the person's own, can be written to and is synced. Runs with the
-- rights of whoever writes, so nobody learns of another person's calendar. What a merge writes has been looked at.
create function public.check_appointment() returns trigger language plpgsql
set search_path = '' as $$
declare
  v_place record;
begin
  if tg_op = 'UPDATE' and (new.user_id, new.id, new.calendar_id) <> (old.user_id, old.id, old.calendar_id) then
    raise exception 'an appointment stays in its calendar' using errcode = 'CS010',
      hint = 'Delete it, and create another one in the other calendar.';
  end if;
  new.updated_at := public.calsync_now();
  if exists (select from public.appointment_links l
             where l.user_id = new.user_id and l.id = new.id and l.held = 'merge') then
    return new;
  end if;
  select c.access_role, c.sync_enabled, c.removed_at, a.status into v_place from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = new.user_id and c.id = new.calendar_id;
  if not found then
    raise exception 'there is no calendar %', new.calendar_id using errcode = 'CS002',
      hint = 'Appointments go into calendars of the same person.';
  elsif v_place.access_role not in ('owner', 'writer') then
    raise exception 'calendar % is read-only', new.calendar_id using errcode = 'CS010',
      hint = 'Choose a calendar whose access_role is owner or writer.';
  elsif v_place.removed_at is not null or v_place.status not in ('active', 'needs_reauth') then
    raise exception 'calendar % is not connected any more', new.calendar_id using errcode = 'CS010',
      hint = 'Connect its account again, or choose another calendar.';
  elsif not v_place.sync_enabled then
    raise exception 'the sync of calendar % is turned off', new.calendar_id using errcode = 'CS010',
      hint = 'Turn it on first: what is changed at the provider could not come back.';
  elsif not public.is_zone(new.time_zone) then
    raise exception 'there is no time zone %', new.time_zone using errcode = 'CS010',
      hint = 'Name an IANA zone such as Europe/Berlin, or UTC.';
  end if;
  return new;
end
$$;
comment on function public.check_appointment is 'Refuses appointments in calendars that cannot hold them';

-- After it: the change is stamped with the database's clock and goes into the outbox, in the same transaction.
-- Definer: people write appointments, but neither links nor the outbox.
create function public.track_appointment() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    perform public.track_deletion(old);
  elsif tg_op = 'INSERT' or public.appointment_content(new) <> public.appointment_content(old) then
    perform public.track_content(new);
  end if;
  return null;
end
$$;
comment on function public.track_appointment is 'Stamps local changes of appointments and queues their writes';

-- Internal: an appointment was made or changed here.
create function public.track_content(p_appointment public.appointments) returns void language plpgsql
set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_user constant uuid := p_appointment.user_id;
  v_id constant uuid := p_appointment.id;
  v_is_base boolean;
  v_link public.appointment_links;
begin
  insert into public.appointment_links as l (user_id, id, calendar_id, tag, local_changed_at)
  values (v_user, v_id, p_appointment.calendar_id, public.appointment_tag(v_id, 0), v_now)
  on conflict (user_id, id) do update set deleted_at = null, local_changed_at = v_now, version = l.version + 1, updated_at = v_now
  returning l.* into v_link;
  if v_link.calendar_id <> p_appointment.calendar_id then
    raise exception 'the appointment % is still being deleted from another calendar', v_id using errcode = 'CS010',
      hint = 'Give the new one another id.';
  end if;
  v_is_base := public.appointment_content(p_appointment) = v_link.base;
  if v_is_base then
    update public.appointment_links l set local_changed_at = null where l.user_id = v_user and l.id = v_id;
  end if;
  if v_link.held = 'conflict' then
    perform public.sight_again(v_user, v_id);
  elsif v_link.held is null and not (coalesce(v_is_base, false) and public.call_write_off(v_user, v_id)) then
    perform public.queue_appointment(v_link);
  end if;
end
$$;
comment on function public.track_content is 'An appointment was made or changed';

-- Internal: an appointment was deleted here. Of one that never went to its provider, nothing is left.
create function public.track_deletion(p_appointment public.appointments) returns void language plpgsql
set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_link public.appointment_links;
  v_can_write boolean;
begin
  update public.appointment_links l set deleted_at = v_now, local_changed_at = v_now, version = l.version + 1, updated_at = v_now
  where l.user_id = p_appointment.user_id and l.id = p_appointment.id
  returning l.* into v_link;
  if not found then
    return;
  end if;
  select c.removed_at is null and a.status in ('active', 'needs_reauth') into v_can_write from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = v_link.user_id and c.id = v_link.calendar_id;
  if not found then
    return; -- The calendar itself is being removed.
  elsif not v_can_write or (v_link.provider_event_id is null and public.call_write_off(v_link.user_id, v_link.id)) then
    perform public.forget_link(v_link.user_id, v_link.id);
  elsif v_link.held = 'conflict' then
    perform public.sight_again(v_link.user_id, v_link.id);
  elsif v_link.held is null then
    perform public.queue_appointment(v_link);
  end if;
end
$$;
comment on function public.track_deletion is 'An appointment was deleted';

-- Internal: the tag of the nth event of an appointment. The first has the id of the appointment in it; a deleted
-- event keeps its id at Google for ever, so a successor needs one of its own.
create function public.appointment_tag(p_id uuid, p_generation integer) returns text language sql stable
set search_path = '' as $$
  select concat('calsync:a:', public.calsync_installation(), ':',
    case p_generation when 0 then replace(p_id::text, '-', '') else md5(concat(p_id, ':', p_generation)) end)
$$;
comment on function public.appointment_tag is 'The tag of the event of an appointment';

-- Internal: puts an appointment into the outbox: what to do with its event, the link says.
create function public.queue_appointment(p_link public.appointment_links) returns void language sql
set search_path = '' as $$
  select public.queue_writes(p_link.user_id, 'appointment', jsonb_build_array(jsonb_build_object(
    'id', p_link.id, 'calendar_id', p_link.calendar_id, 'action', case
      when p_link.deleted_at is not null then 'delete'
      when p_link.provider_event_id is null then 'create' else 'update' end)))
$$;
comment on function public.queue_appointment is 'Puts an appointment into the outbox';

-- Internal: takes a write back that nobody has begun; answers whether there is none now. Once begun (its versions
-- are on offer) it may have reached the provider, and another one must follow.
create function public.call_write_off(p_user_id uuid, p_id uuid) returns boolean language plpgsql
set search_path = '' as $$
begin
  delete from public.provider_writes w where w.user_id = p_user_id and w.id = p_id and w.claimed_seq = 0;
  return not exists (select from public.provider_writes w where w.user_id = p_user_id and w.id = p_id)
    and not exists (select from calsync_private.appointment_offers o where o.user_id = p_user_id and o.id = p_id);
end
$$;
comment on function public.call_write_off is 'Takes back a write that was not begun';

-- Internal: the appointment has no event any more, and nothing is to be written.
create function public.forget_link(p_user_id uuid, p_id uuid) returns void language sql
set search_path = '' as $$
  delete from public.appointment_links where user_id = p_user_id and id = p_id;
  delete from public.provider_writes where user_id = p_user_id and id = p_id;
  delete from calsync_private.appointment_offers where user_id = p_user_id and id = p_id;
  delete from calsync_private.appointment_sightings where user_id = p_user_id and id = p_id;
  -- There is nothing left to decide.
  update public.sync_conflicts set decision = 'merged', decided_by = 'policy', decided_at = public.calsync_now(),
    updated_at = public.calsync_now()
  where user_id = p_user_id and appointment_id = p_id and decision = 'pending';
$$;
comment on function public.forget_link is 'Forgets the event of an appointment';

create trigger check_appointment before insert or update on public.appointments
  for each row execute function public.check_appointment();
create trigger track_appointment after insert or update or delete on public.appointments
  for each row execute function public.track_appointment();

-- The check runs with the rights of whoever writes.
revoke execute on function public.is_zone from public, anon;
grant execute on function public.is_zone to authenticated, service_role;
revoke execute on function public.instant_text from public, anon, authenticated;
grant execute on function public.instant_text to service_role;
revoke execute on function public.appointment_content from public, anon, authenticated;
grant execute on function public.appointment_content to service_role;
revoke execute on function public.event_content from public, anon, authenticated;
grant execute on function public.event_content to service_role;
revoke execute on function public.check_appointment from public, anon, authenticated;
grant execute on function public.check_appointment to service_role;
revoke execute on function public.track_appointment from public, anon, authenticated;
grant execute on function public.track_appointment to service_role;
revoke execute on function public.track_content from public, anon, authenticated;
grant execute on function public.track_content to service_role;
revoke execute on function public.track_deletion from public, anon, authenticated;
grant execute on function public.track_deletion to service_role;
revoke execute on function public.appointment_tag from public, anon, authenticated;
grant execute on function public.appointment_tag to service_role;
revoke execute on function public.queue_appointment from public, anon, authenticated;
grant execute on function public.queue_appointment to service_role;
revoke execute on function public.call_write_off from public, anon, authenticated;
grant execute on function public.call_write_off to service_role;
revoke execute on function public.forget_link from public, anon, authenticated;
grant execute on function public.forget_link to service_role;

-- sql/functions/641_write_appointments.sql
-- Internal: an appointment as its provider should have it; no draft: its event is to be deleted. Remembers what is
-- handed out, since the provider may get it though we never hear so.
create function public.appointment_draft(p_user_id uuid, p_id uuid)
returns table (tag text, draft jsonb, provider_event_id text, etag text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_link public.appointment_links;
  v_content jsonb;
begin
  select * into v_link from public.appointment_links l where l.user_id = p_user_id and l.id = p_id;
  if not found then
    return;
  end if;
  select public.appointment_content(a) into v_content from public.appointments a
  where a.user_id = p_user_id and a.id = p_id and v_link.deleted_at is null;
  if v_content is not null then
    insert into calsync_private.appointment_offers as o (user_id, id, calendar_id, contents)
    values (p_user_id, p_id, v_link.calendar_id, jsonb_build_array(v_content))
    on conflict (user_id, id) do update set contents = case when o.contents -> -1 = v_content then o.contents
      -- The last few: what was handed out earlier was refused by now.
      else jsonb_path_query_array(o.contents || v_content, '$[last - 4 to last]') end;
  end if;
  return query select v_link.tag, v_content, v_link.provider_event_id, v_link.etag;
end
$$;
comment on function public.appointment_draft is 'An appointment as its provider should have it';

-- Outcomes of writes of appointments: [{"id", "result", "provider_event_id", "etag", "as_asked"}]. Written: both sides
-- agree on what was handed out. Deleted: the link goes. An event that was found with another content, or not found,
-- is left alone until the mirror was read and merged. The links are locked (lock_subjects).
create function public.settle_appointments(p_user_id uuid, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_outcome record;
  v_link public.appointment_links;
begin
  for v_outcome in
    select o.id, o.result, o.provider_event_id, o.etag, coalesce(o.as_asked, true) as as_asked
    from jsonb_to_recordset(p_outcomes) as o (id uuid, result text, provider_event_id text, etag text, as_asked boolean)
  loop
    select * into v_link from public.appointment_links l where l.user_id = p_user_id and l.id = v_outcome.id for no key update;
    if not found then
      continue;
    elsif v_outcome.result = 'written' and v_outcome.as_asked then
      perform public.settle_written(v_link, v_outcome.provider_event_id, v_outcome.etag);
    elsif v_outcome.result = 'written' then
      perform public.hold_for_merge(v_link, v_outcome.provider_event_id, v_outcome.etag, null);
    elsif v_outcome.result = 'vanished' then
      perform public.hold_for_merge(v_link, v_link.provider_event_id, v_link.etag, public.calsync_now());
    elsif v_link.deleted_at is not null then
      perform public.forget_link(p_user_id, v_link.id);
    else
      perform public.begin_anew(v_link); -- It came back while its event was being deleted.
    end if;
  end loop;
end
$$;
comment on function public.settle_appointments is 'Tells appointments what became of their events';

-- Internal: the provider has the version that was handed out last.
create function public.settle_written(p_link public.appointment_links, p_provider_event_id text, p_etag text)
returns void language plpgsql set search_path = '' as $$
declare
  v_offered jsonb;
begin
  delete from calsync_private.appointment_offers o where o.user_id = p_link.user_id and o.id = p_link.id
  returning o.contents -> -1 into v_offered;
  update public.appointment_links l set
    provider_event_id = p_provider_event_id, etag = p_etag, agreed_at = public.calsync_now(), held = null, vanished_at = null,
    base = coalesce(v_offered, l.base), base_remote = null,
    own_etags = case when p_etag = l.seen_etag then l.own_etags else l.own_etags || p_etag end,
    local_changed_at = case when exists (
      select from public.appointments a where a.user_id = l.user_id and a.id = l.id
        and public.appointment_content(a) = coalesce(v_offered, l.base)) then null else l.local_changed_at end,
    version = l.version + 1, updated_at = public.calsync_now()
  where l.user_id = p_link.user_id and l.id = p_link.id;
  -- A sync may have been faster.
  perform public.sight_again(p_link.user_id, p_link.id) from public.calendar_events e
  where e.user_id = p_link.user_id and e.calendar_id = p_link.calendar_id and e.provider_event_id = p_provider_event_id;
end
$$;
comment on function public.settle_written is 'Both sides agree on what was written';

-- Internal: the mirror must be read before more is written (settle_provider_writes asks for that).
create function public.hold_for_merge(p_link public.appointment_links, p_provider_event_id text, p_etag text,
                                      p_vanished_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  update public.appointment_links l set provider_event_id = p_provider_event_id, etag = p_etag, held = 'merge',
    vanished_at = p_vanished_at, version = l.version + 1, updated_at = public.calsync_now()
  where l.user_id = p_link.user_id and l.id = p_link.id;
  delete from public.provider_writes w where w.user_id = p_link.user_id and w.id = p_link.id;
  perform public.sight_again(p_link.user_id, p_link.id);
  perform public.make_due(p_link.user_id, p_link.calendar_id, 'repair');
end
$$;
comment on function public.hold_for_merge is 'Writes nothing more of an appointment before the next merge';

-- Internal: the event is gone, and the appointment gets another one.
create function public.begin_anew(p_link public.appointment_links) returns void language sql set search_path = '' as $$
  update public.appointment_links l set
    generation = l.generation + 1, tag = public.appointment_tag(l.id, l.generation + 1), provider_event_id = null, etag = null,
    base = null, base_remote = null, agreed_at = null, seen_etag = null, own_etags = '{}', held = null, vanished_at = null,
    version = l.version + 1, updated_at = public.calsync_now()
  where l.user_id = p_link.user_id and l.id = p_link.id;
  delete from calsync_private.appointment_offers where user_id = p_link.user_id and id = p_link.id;
  delete from calsync_private.appointment_sightings where user_id = p_link.user_id and id = p_link.id;
$$;
comment on function public.begin_anew is 'An appointment loses its event and gets a new one';

revoke execute on function public.appointment_draft from public, anon, authenticated;
grant execute on function public.appointment_draft to service_role;
revoke execute on function public.settle_appointments from public, anon, authenticated;
grant execute on function public.settle_appointments to service_role;
revoke execute on function public.settle_written from public, anon, authenticated;
grant execute on function public.settle_written to service_role;
revoke execute on function public.hold_for_merge from public, anon, authenticated;
grant execute on function public.hold_for_merge to service_role;
revoke execute on function public.begin_anew from public, anon, authenticated;
grant execute on function public.begin_anew to service_role;

-- sql/functions/642_sight_appointments.sql
-- Internal: a page of a sync brought another version of the event of an appointment, or its deletion. Called by
-- apply_changes after the mirror took the page; takes no lock that a merge or a delivery waits for.
create function public.sight_appointments(p_user_id uuid, p_calendar_id uuid, p_changes jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if not exists (select from public.appointment_links l where l.user_id = p_user_id and l.calendar_id = p_calendar_id) then
    return;
  end if;
  insert into calsync_private.appointment_sightings as s (user_id, id, calendar_id, is_gone, gone_at)
  select p_user_id, l.id, p_calendar_id, bool_or(c.is_gone), max(c.gone_at)
  from (
    select e ->> 'provider_event_id' as event_id, e ->> 'etag' as etag, false as is_gone, null::timestamptz as gone_at
    from jsonb_array_elements(p_changes -> 'events') e
    union all
    select d ->> 'provider_event_id', null, true, (d ->> 'deleted_at')::timestamptz
    from jsonb_array_elements(p_changes -> 'deletions') d
  ) c
  cross join lateral (
    select k.id, k.seen_etag from public.appointment_links k
    where k.user_id = p_user_id and k.calendar_id = p_calendar_id and k.provider_event_id = c.event_id limit 1) l
  where c.is_gone or l.seen_etag is distinct from c.etag
  group by l.id
  on conflict (user_id, id) do update set is_gone = excluded.is_gone, gone_at = excluded.gone_at,
    noticed_at = excluded.noticed_at, mark = excluded.mark;
end
$$;
comment on function public.sight_appointments is 'Notes which appointments have another event, or none, since this page';

-- Internal: events of appointments that a full sync did not see any more.
create function public.miss_appointments(p_user_id uuid, p_calendar_id uuid, p_provider_event_ids text[])
returns void language sql set search_path = '' as $$
  insert into calsync_private.appointment_sightings as s (user_id, id, calendar_id, is_gone)
  select p_user_id, l.id, p_calendar_id, true
  from public.appointment_links l
  where l.user_id = p_user_id and l.calendar_id = p_calendar_id and l.provider_event_id = any (p_provider_event_ids)
  on conflict (user_id, id) do update set is_gone = true, mark = excluded.mark
$$;
comment on function public.miss_appointments is 'Notes which appointments have no event any more';

-- Internal: an appointment is to be merged again: it changed while it waited for a decision, or a write found its
-- event other than it should be. What was known of a deletion there stays known.
create function public.sight_again(p_user_id uuid, p_id uuid)
returns void language sql set search_path = '' as $$
  insert into calsync_private.appointment_sightings as s (user_id, id, calendar_id, is_gone)
  select p_user_id, l.id, l.calendar_id, exists (
    select from public.sync_conflicts c where c.user_id = p_user_id and c.appointment_id = p_id
      and c.decision = 'pending' and c.remote is null)
  from public.appointment_links l where l.user_id = p_user_id and l.id = p_id
  on conflict (user_id, id) do update set mark = excluded.mark
$$;
comment on function public.sight_again is 'An appointment is to be merged again';

revoke execute on function public.sight_appointments from public, anon, authenticated;
grant execute on function public.sight_appointments to service_role;
revoke execute on function public.miss_appointments from public, anon, authenticated;
grant execute on function public.miss_appointments to service_role;
revoke execute on function public.sight_again from public, anon, authenticated;
grant execute on function public.sight_again to service_role;

-- sql/functions/643_merge_appointments.sql
-- What the merge looks at: up to p_limit appointments whose event changed at the provider (or is gone, which the provider
-- said: a deletion in a sync, or no such event when it was written and the calendar was read since), with all versions.
-- A version of ours that is not our last is left out: the mirror is about to show the last one. Asked in every round and
-- after every sync, and mostly there is nothing: planning the query costs a hundred times what looking for that does.
create function public.appointments_to_merge(p_limit integer, p_user_id uuid default null, p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, id uuid, version bigint, mark uuid, base jsonb, base_remote jsonb, offers jsonb,
  local jsonb, remote_etag text, remote jsonb, is_series boolean, is_echo boolean, policy text, local_changed_at timestamptz,
  remote_changed_at timestamptz, agreed_at timestamptz, seen_at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from calsync_private.appointment_sightings s
                 where (p_user_id is null or s.user_id = p_user_id)
                   and (p_calendar_id is null or s.calendar_id = p_calendar_id)) then
    return;
  end if;
  return query
  select l.user_id, l.calendar_id, l.id, l.version, s.mark, l.base, l.base_remote, o.contents,
    (select public.appointment_content(a) from public.appointments a where a.user_id = l.user_id and a.id = l.id),
    case when e.status <> 'cancelled' then e.etag end, public.event_content(e), coalesce(e.kind = 'series', false),
    coalesce(e.etag = any (l.own_etags), false), coalesce(c.conflict_policy, t.conflict_policy),
    coalesce(l.local_changed_at, l.updated_at), case when e.id is null then s.gone_at else e.provider_updated_at end,
    l.agreed_at, case when e.id is null then s.noticed_at else e.updated_at end
  from calsync_private.appointment_sightings s
  join public.appointment_links l on l.user_id = s.user_id and l.id = s.id
  join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
  join public.calendar_accounts t on t.user_id = c.user_id and t.id = c.account_id
  join public.calendar_sync_states y on y.user_id = l.user_id and y.calendar_id = l.calendar_id
  left join calsync_private.appointment_offers o on o.user_id = l.user_id and o.id = l.id
  left join public.calendar_events e on e.user_id = l.user_id and e.calendar_id = l.calendar_id
    and e.provider_event_id = l.provider_event_id
  where (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    and l.provider_event_id is not null
    and case when e.id is null then s.is_gone or l.vanished_at <= y.last_sync_at
        else e.etag = l.etag or not e.etag = any (l.own_etags) end
  limit p_limit;
end
$$;
comment on function public.appointments_to_merge is 'Appointments whose event changed, with all that a merge looks at';

-- What shared.decide.plan_appointment decided for an appointment, as it was when that was read (version) and for that
-- version of its event (remote etag; null: it is gone); false: one of them moved on, and it is looked at again.
-- p_plan: {"event", "local", "base", "remote", "conflict": null or {"kind", "fields", "policy", "decision", "base",
-- "local", "remote", "merged"}}; event and versions as merge_appointment takes them.
create function public.settle_merge(p_user_id uuid, p_id uuid, p_version bigint, p_remote_etag text, p_mark uuid, p_plan jsonb)
returns table (settled boolean) language plpgsql set search_path = '' as $$
declare
  v_link public.appointment_links;
  v_pending constant boolean := coalesce(p_plan #>> '{conflict,decision}' = 'pending', false);
begin
  perform from public.appointments a where a.user_id = p_user_id and a.id = p_id for update;
  select * into v_link from public.appointment_links l where l.user_id = p_user_id and l.id = p_id for no key update;
  if v_link.version is distinct from p_version or p_remote_etag is distinct from (
    select e.etag from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = v_link.calendar_id and e.provider_event_id = v_link.provider_event_id
      and e.status <> 'cancelled') then
    return query select false;
    return;
  end if;
  delete from calsync_private.appointment_sightings s where s.user_id = p_user_id and s.id = p_id and s.mark = p_mark;
  perform public.record_conflict(v_link, p_remote_etag, nullif(p_plan -> 'conflict', 'null'));
  if v_pending then
    -- Neither side is written until somebody decides.
    update public.appointment_links l set held = 'conflict', seen_etag = p_remote_etag, own_etags = '{}',
      version = l.version + 1, updated_at = public.calsync_now()
    where l.user_id = p_user_id and l.id = p_id;
    delete from public.provider_writes w where w.user_id = p_user_id and w.id = p_id;
  else
    perform public.merge_appointment(v_link, p_plan ->> 'event', nullif(p_plan -> 'local', 'null'),
      nullif(p_plan -> 'base', 'null'), nullif(p_plan -> 'remote', 'null'), p_remote_etag);
  end if;
  return query select true;
end
$$;
comment on function public.settle_merge is 'Carries out a merge, if neither side moved on meanwhile';

-- Internal: the appointment becomes p_local (null: it goes), both sides agree on p_base, and of the event follows:
-- keep: it is right; update: it gets p_local; delete; recreate: another one is made for p_local; forget: it is
-- nobody's any more. The appointment and its link are locked.
create function public.merge_appointment(p_link public.appointment_links, p_event text, p_local jsonb, p_base jsonb,
                                         p_remote jsonb, p_remote_etag text)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_link public.appointment_links;
begin
  if p_event = 'forget' then
    perform public.forget_link(p_link.user_id, p_link.id);
    delete from public.appointments a where a.user_id = p_link.user_id and a.id = p_link.id;
    return;
  elsif p_event = 'recreate' then
    perform public.begin_anew(p_link);
  end if;
  -- Held: what is written here now is no change of the person's.
  update public.appointment_links l set held = 'merge' where l.user_id = p_link.user_id and l.id = p_link.id;
  perform public.put_appointment(p_link.user_id, p_link.id, p_link.calendar_id, p_local);
  update public.appointment_links l set
    held = null, version = l.version + 1, updated_at = v_now, vanished_at = null,
    deleted_at = case when p_event = 'delete' then coalesce(l.deleted_at, v_now) end,
    local_changed_at = case when p_event = 'keep' then null else coalesce(p_link.local_changed_at, v_now) end
  where l.user_id = p_link.user_id and l.id = p_link.id;
  if p_event <> 'recreate' then
    update public.appointment_links l set etag = p_remote_etag, seen_etag = p_remote_etag, own_etags = '{}',
      base = p_base, base_remote = p_remote, agreed_at = v_now
    where l.user_id = p_link.user_id and l.id = p_link.id;
    delete from calsync_private.appointment_offers o where o.user_id = p_link.user_id and o.id = p_link.id;
  end if;
  delete from public.provider_writes w where w.user_id = p_link.user_id and w.id = p_link.id
    and (p_event = 'keep' or w.action <> public.write_action(p_event));
  if p_event <> 'keep' then
    select * into v_link from public.appointment_links l where l.user_id = p_link.user_id and l.id = p_link.id;
    perform public.queue_appointment(v_link);
  end if;
end
$$;
comment on function public.merge_appointment is 'Sets an appointment, its base, and what its event needs';

-- Internal: what a merge calls an event's future, in the words of the outbox.
create function public.write_action(p_event text) returns text language sql immutable set search_path = '' as $$
  select case p_event when 'recreate' then 'create' else p_event end
$$;
comment on function public.write_action is 'The action of the outbox for the outcome of a merge';

-- Internal: makes an appointment have this version, adds it, or (null) deletes it.
create function public.put_appointment(p_user_id uuid, p_id uuid, p_calendar_id uuid, p_content jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if p_content is null then
    delete from public.appointments a where a.user_id = p_user_id and a.id = p_id;
    return;
  end if;
  update public.appointments a set summary = c.summary, description = c.description, location = c.location,
    start_at = c.start_at, end_at = c.end_at, start_date = c.start_date, end_date = c.end_date,
    time_zone = c.time_zone, show_as = c.show_as, visibility = c.visibility
  from jsonb_populate_record(null::public.appointments, p_content) c
  where a.user_id = p_user_id and a.id = p_id;
  if not found then
    insert into public.appointments (user_id, id, calendar_id, summary, description, location, start_at, end_at,
      start_date, end_date, time_zone, show_as, visibility)
    select p_user_id, p_id, p_calendar_id, c.summary, c.description, c.location, c.start_at, c.end_at,
      c.start_date, c.end_date, c.time_zone, c.show_as, c.visibility
    from jsonb_populate_record(null::public.appointments, p_content) c;
  end if;
end
$$;
comment on function public.put_appointment is 'Writes a version of an appointment';

revoke execute on function public.appointments_to_merge from public, anon, authenticated;
grant execute on function public.appointments_to_merge to service_role;
revoke execute on function public.settle_merge from public, anon, authenticated;
grant execute on function public.settle_merge to service_role;
revoke execute on function public.merge_appointment from public, anon, authenticated;
grant execute on function public.merge_appointment to service_role;
revoke execute on function public.write_action from public, anon, authenticated;
grant execute on function public.write_action to service_role;
revoke execute on function public.put_appointment from public, anon, authenticated;
grant execute on function public.put_appointment to service_role;

-- sql/functions/644_conflicts.sql
-- Internal: writes a conflict down. One that waits for its decision is kept up to date; without p_conflict (the sides
-- agree again) it is over.
create function public.record_conflict(p_link public.appointment_links, p_remote_etag text, p_conflict jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_is_pending constant boolean := coalesce(p_conflict ->> 'decision' = 'pending', false);
  v_id uuid;
begin
  if p_conflict is null then
    update public.sync_conflicts c set decision = 'merged', decided_by = 'policy', decided_at = v_now, updated_at = v_now
    where c.user_id = p_link.user_id and c.appointment_id = p_link.id and c.decision = 'pending';
    return;
  end if;
  insert into public.sync_conflicts as c (user_id, appointment_id, calendar_id, kind, base, local, remote, merged,
    remote_etag, fields, policy, decision)
  values (p_link.user_id, p_link.id, p_link.calendar_id, p_conflict ->> 'kind', nullif(p_conflict -> 'base', 'null'),
    nullif(p_conflict -> 'local', 'null'), nullif(p_conflict -> 'remote', 'null'), nullif(p_conflict -> 'merged', 'null'),
    p_remote_etag, array(select jsonb_array_elements_text(p_conflict -> 'fields')), p_conflict ->> 'policy', 'pending')
  on conflict (user_id, appointment_id) where decision = 'pending' do update set
    kind = excluded.kind, base = excluded.base, local = excluded.local, remote = excluded.remote, merged = excluded.merged,
    remote_etag = excluded.remote_etag, fields = excluded.fields, policy = excluded.policy, updated_at = v_now
  returning c.id into v_id;
  if not v_is_pending then
    perform public.decide_conflict(p_link.user_id, v_id, p_conflict ->> 'decision', 'policy');
    perform public.write_audit(p_link.user_id, 'worker', 'conflict.decided', v_id::text, null,
      p_conflict - array['base', 'local', 'remote', 'merged'] || jsonb_build_object('appointment_id', p_link.id));
  end if;
end
$$;
comment on function public.record_conflict is 'Keeps both versions of an appointment, and what was decided';

-- Internal: the decision.
create function public.decide_conflict(p_user_id uuid, p_conflict_id uuid, p_decision text, p_decided_by text)
returns void language sql set search_path = '' as $$
  update public.sync_conflicts c set decision = p_decision, decided_by = p_decided_by,
    decided_at = public.calsync_now(), updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.id = p_conflict_id
$$;
comment on function public.decide_conflict is 'pending → decided';

-- A person decides a conflict that waits: local, remote, both (the provider's stays, ours becomes a new appointment),
-- or merged, with p_fields saying of each field in conflict whose value it gets: {"when": "local", "summary": "remote"}.
-- What only one side changed is kept whatever they choose. p_actor as in audit_log.
create function public.resolve_conflict(p_user_id uuid, p_conflict_id uuid, p_choice text, p_actor text,
                                        p_fields jsonb default '{}', p_request_id text default null)
returns setof public.sync_conflicts language plpgsql set search_path = '' as $$
declare
  v_conflict public.sync_conflicts;
  v_link public.appointment_links;
begin
  v_conflict := public.hold_conflict(p_user_id, p_conflict_id);
  if v_conflict.decision <> 'pending' then
    raise exception 'conflict % was decided already: %', p_conflict_id, v_conflict.decision using errcode = 'CS010',
      hint = 'Undo that decision, or change the appointment.';
  elsif p_choice not in ('local', 'remote', 'both', 'merged') then
    raise exception 'unknown choice %', p_choice using errcode = 'CS003', hint = 'Choose local, remote, both or merged.';
  elsif p_choice = 'merged' and v_conflict.kind <> 'both_changed' then
    raise exception 'one side has nothing to merge' using errcode = 'CS010', hint = 'Choose local, remote or both.';
  elsif p_choice = 'merged' and exists (
    select from unnest(v_conflict.fields) f where coalesce(p_fields ->> f, '') not in ('local', 'remote')) then
    raise exception 'whose value each field in conflict gets is not said' using errcode = 'CS003',
      hint = format('Say local or remote for each of: %s.', array_to_string(v_conflict.fields, ', '));
  end if;
  select * into v_link from public.appointment_links l
  where l.user_id = p_user_id and l.id = v_conflict.appointment_id for no key update;
  if not public.is_current(v_conflict, v_link) then
    raise exception 'one side of conflict % was changed a moment ago', p_conflict_id using errcode = 'CS010',
      hint = 'Look at it again in a few seconds, then decide.';
  end if;
  perform public.decide_conflict(p_user_id, p_conflict_id, p_choice, p_actor);
  perform public.carry_out(v_conflict, v_link, p_choice, p_fields);
  perform public.write_audit(p_user_id, p_actor, 'conflict.resolved', p_conflict_id::text, p_request_id,
    jsonb_build_object('choice', p_choice, 'fields', p_fields, 'appointment_id', v_conflict.appointment_id));
  return query select * from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id;
end
$$;
comment on function public.resolve_conflict is 'Decides a pending conflict, and carries that out';

-- Internal: locks a conflict and its appointment, in the order of every other function.
create function public.hold_conflict(p_user_id uuid, p_conflict_id uuid) returns public.sync_conflicts language plpgsql
set search_path = '' as $$
declare
  v_conflict public.sync_conflicts;
begin
  perform from public.appointments a where a.user_id = p_user_id and a.id = (
    select c.appointment_id from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id) for update;
  perform from public.appointment_links l where l.user_id = p_user_id and l.id = (
    select c.appointment_id from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id) for no key update;
  select * into v_conflict from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id for update;
  if not found then
    raise exception 'there is no conflict %', p_conflict_id using errcode = 'CS002';
  end if;
  return v_conflict;
end
$$;
comment on function public.hold_conflict is 'Locks a conflict and what it is about';

-- Internal: whether a pending conflict shows both sides as they are now.
create function public.is_current(p_conflict public.sync_conflicts, p_link public.appointment_links) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(p_link.held = 'conflict', false)
    and p_conflict.local is not distinct from (
      select public.appointment_content(a) from public.appointments a where a.user_id = p_link.user_id and a.id = p_link.id)
    and p_conflict.remote_etag is not distinct from (
      select e.etag from public.calendar_events e
      where e.user_id = p_link.user_id and e.calendar_id = p_link.calendar_id
        and e.provider_event_id = p_link.provider_event_id and e.status <> 'cancelled')
$$;
comment on function public.is_current is 'Whether neither side changed since a conflict was written down';

-- Internal: what a choice means, by the kind of the conflict.
create function public.carry_out(p_conflict public.sync_conflicts, p_link public.appointment_links, p_choice text, p_fields jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_ours constant boolean := p_choice in ('local', 'both');
  v_content jsonb;
begin
  if p_conflict.kind = 'both_changed' then
    v_content := case when p_choice = 'both' then p_conflict.remote else public.chosen_content(p_conflict, p_choice, p_fields) end;
    perform public.merge_appointment(p_link, case when v_content = p_conflict.remote then 'keep' else 'update' end,
      v_content, p_conflict.remote, p_conflict.remote, p_conflict.remote_etag);
    if p_choice = 'both' then
      perform public.put_appointment(p_link.user_id, gen_random_uuid(), p_link.calendar_id, p_conflict.local);
    end if;
  elsif p_conflict.kind = 'deleted_here' then
    perform public.merge_appointment(p_link, case p_choice when 'local' then 'delete' else 'keep' end,
      case p_choice when 'local' then null else p_conflict.remote end, p_conflict.remote, p_conflict.remote, p_conflict.remote_etag);
  elsif v_ours and p_conflict.local is not null then
    -- The event is gone, or a series that is left alone.
    perform public.merge_appointment(p_link, 'recreate', p_conflict.local, null, null, null);
  else
    perform public.merge_appointment(p_link, 'forget', null, null, null, null);
  end if;
end
$$;
comment on function public.carry_out is 'Makes both sides what was chosen';

-- Internal: the merged version with the chosen values in the fields that are in conflict.
create function public.chosen_content(p_conflict public.sync_conflicts, p_choice text, p_fields jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select p_conflict.merged || coalesce(jsonb_object_agg(k.key, p_conflict.local -> k.key), '{}')
  from unnest(p_conflict.fields) f
  cross join lateral unnest(case f when 'when' then array['start_at', 'end_at', 'start_date', 'end_date', 'time_zone']
                                   else array[f] end) k (key)
  where p_choice = 'local' or (p_choice = 'merged' and p_fields ->> f = 'local')
$$;
comment on function public.chosen_content is 'Both versions in one, as chosen';

-- Takes a decision back: the version that lost (after a merge: ours as it was before) is put back as a fresh change
-- made here, a deleted appointment is made again, and it goes to the provider as any other change.
create function public.undo_conflict(p_user_id uuid, p_conflict_id uuid, p_actor text, p_request_id text default null)
returns setof public.sync_conflicts language plpgsql set search_path = '' as $$
declare
  v_conflict public.sync_conflicts;
begin
  v_conflict := public.hold_conflict(p_user_id, p_conflict_id);
  if v_conflict.undone_at is not null then
    raise exception 'the decision of conflict % was undone already', p_conflict_id using errcode = 'CS010',
      hint = 'Change the appointment instead.';
  elsif exists (select from public.sync_conflicts c where c.user_id = p_user_id and c.decision = 'pending'
                  and c.appointment_id = v_conflict.appointment_id) then
    raise exception 'appointment % waits for a decision', v_conflict.appointment_id using errcode = 'CS010',
      hint = 'Resolve its pending conflict first.';
  elsif v_conflict.decision = 'both' then
    raise exception 'both versions were kept' using errcode = 'CS010', hint = 'Delete the one that is not wanted.';
  end if;
  perform public.put_appointment(p_user_id, v_conflict.appointment_id, v_conflict.calendar_id,
    case v_conflict.decision when 'local' then v_conflict.remote else v_conflict.local end);
  update public.sync_conflicts c set undone_at = public.calsync_now(), undone_by = p_actor, updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.id = p_conflict_id;
  perform public.write_audit(p_user_id, p_actor, 'conflict.undone', p_conflict_id::text, p_request_id,
    jsonb_build_object('decision', v_conflict.decision, 'appointment_id', v_conflict.appointment_id));
  return query select * from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id;
end
$$;
comment on function public.undo_conflict is 'Puts back the version that lost';

-- Who wins from now on: in an account, or in one calendar (null: as its account says). Exactly one of the ids is given.
create function public.set_conflict_policy(p_user_id uuid, p_account_id uuid, p_calendar_id uuid, p_policy text, p_actor text,
                                           p_request_id text default null)
returns table (conflict_policy text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if p_calendar_id is not null then
    update public.calendars c set conflict_policy = p_policy, updated_at = public.calsync_now()
    where c.user_id = p_user_id and c.id = p_calendar_id;
  else
    update public.calendar_accounts a set conflict_policy = p_policy, updated_at = public.calsync_now()
    where a.user_id = p_user_id and a.id = p_account_id;
  end if;
  if not found then
    raise exception 'there is no such account or calendar' using errcode = 'CS002';
  end if;
  perform public.write_audit(p_user_id, p_actor, 'settings.changed', coalesce(p_calendar_id, p_account_id)::text, p_request_id,
    jsonb_build_object('conflict_policy', p_policy));
  return query select p_policy;
end
$$;
comment on function public.set_conflict_policy is 'Sets the conflict policy of an account or a calendar';

revoke execute on function public.record_conflict from public, anon, authenticated;
grant execute on function public.record_conflict to service_role;
revoke execute on function public.decide_conflict from public, anon, authenticated;
grant execute on function public.decide_conflict to service_role;
revoke execute on function public.resolve_conflict from public, anon, authenticated;
grant execute on function public.resolve_conflict to service_role;
revoke execute on function public.hold_conflict from public, anon, authenticated;
grant execute on function public.hold_conflict to service_role;
revoke execute on function public.is_current from public, anon, authenticated;
grant execute on function public.is_current to service_role;
revoke execute on function public.carry_out from public, anon, authenticated;
grant execute on function public.carry_out to service_role;
revoke execute on function public.chosen_content from public, anon, authenticated;
grant execute on function public.chosen_content to service_role;
revoke execute on function public.undo_conflict from public, anon, authenticated;
grant execute on function public.undo_conflict to service_role;
revoke execute on function public.set_conflict_policy from public, anon, authenticated;
grant execute on function public.set_conflict_policy to service_role;

-- sql/functions/645_list_appointments.sql
-- The appointments of a person with their state, oldest first; the page after the row that p_after_* name.
create function public.list_appointments(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                         p_after_id uuid default null, p_calendar_id uuid default null)
returns table (id uuid, calendar_id uuid, summary text, description text, location text, start_at timestamptz,
  end_at timestamptz, start_date date, end_date date, time_zone text, show_as text, visibility text, state text,
  reason text, created_at timestamptz, updated_at timestamptz) language plpgsql stable set search_path = '' as $$
begin
  return query
  select a.id, a.calendar_id, a.summary, a.description, a.location, a.start_at, a.end_at, a.start_date, a.end_date,
    a.time_zone, a.show_as, a.visibility, s.state, s.reason, a.created_at, a.updated_at
  from public.appointments a
  join public.appointment_status s on s.user_id = a.user_id and s.id = a.id
  where a.user_id = p_user_id and (p_calendar_id is null or a.calendar_id = p_calendar_id)
    and (p_after_id is null or (a.created_at, a.id) > (p_after_created_at, p_after_id))
  order by a.created_at, a.id
  limit p_limit;
end
$$;
comment on function public.list_appointments is 'A page of the appointments of a person, with their state';

-- One of them.
create function public.get_appointment(p_user_id uuid, p_id uuid)
returns table (id uuid, calendar_id uuid, summary text, description text, location text, start_at timestamptz,
  end_at timestamptz, start_date date, end_date date, time_zone text, show_as text, visibility text, state text,
  reason text, created_at timestamptz, updated_at timestamptz) language plpgsql stable set search_path = '' as $$
begin
  return query
  select a.id, a.calendar_id, a.summary, a.description, a.location, a.start_at, a.end_at, a.start_date, a.end_date,
    a.time_zone, a.show_as, a.visibility, s.state, s.reason, a.created_at, a.updated_at
  from public.appointments a
  join public.appointment_status s on s.user_id = a.user_id and s.id = a.id
  where a.user_id = p_user_id and a.id = p_id;
  if not found then
    raise exception 'there is no appointment %', p_id using errcode = 'CS002';
  end if;
end
$$;
comment on function public.get_appointment is 'An appointment of a person, with its state';

-- The API makes one. Repeated with the same id and content, it changes nothing.
create function public.create_appointment(p_user_id uuid, p_id uuid, p_calendar_id uuid, p_content jsonb, p_actor text,
                                          p_request_id text default null)
returns void language plpgsql set search_path = '' as $$
begin
  if exists (select from public.appointments a where a.user_id = p_user_id and a.id = p_id) then
    return;
  end if;
  perform public.put_appointment(p_user_id, p_id, p_calendar_id, p_content);
  perform public.write_audit(p_user_id, p_actor, 'appointment.created', p_id::text, p_request_id);
end
$$;
comment on function public.create_appointment is 'Makes an appointment';

-- The API changes one: p_changes holds the new values; the others stay.
create function public.change_appointment(p_user_id uuid, p_id uuid, p_changes jsonb, p_actor text,
                                          p_request_id text default null)
returns void language plpgsql set search_path = '' as $$
declare
  v_appointment public.appointments;
begin
  select * into v_appointment from public.appointments a where a.user_id = p_user_id and a.id = p_id for update;
  if not found then
    raise exception 'there is no appointment %', p_id using errcode = 'CS002';
  end if;
  perform public.put_appointment(p_user_id, p_id, v_appointment.calendar_id,
    public.appointment_content(v_appointment) || p_changes);
  perform public.write_audit(p_user_id, p_actor, 'appointment.changed', p_id::text, p_request_id,
    jsonb_build_object('fields', array(select jsonb_object_keys(p_changes))));
end
$$;
comment on function public.change_appointment is 'Changes an appointment';

-- The API deletes one.
create function public.delete_appointment(p_user_id uuid, p_id uuid, p_actor text, p_request_id text default null)
returns void language plpgsql set search_path = '' as $$
begin
  delete from public.appointments a where a.user_id = p_user_id and a.id = p_id;
  if not found then
    raise exception 'there is no appointment %', p_id using errcode = 'CS002';
  end if;
  perform public.write_audit(p_user_id, p_actor, 'appointment.deleted', p_id::text, p_request_id);
end
$$;
comment on function public.delete_appointment is 'Deletes an appointment';

-- The conflicts of a person, newest first; with p_decision those alone (pending: the ones that wait).
create function public.list_conflicts(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                      p_after_id uuid default null, p_decision text default null)
returns setof public.sync_conflicts language sql stable set search_path = '' as $$
  select c.* from public.sync_conflicts c
  where c.user_id = p_user_id and (p_decision is null or c.decision = p_decision)
    and (p_after_id is null or (c.created_at, c.id) < (p_after_created_at, p_after_id))
  order by c.created_at desc, c.id desc
  limit p_limit
$$;
comment on function public.list_conflicts is 'A page of the conflicts of a person';

revoke execute on function public.list_appointments from public, anon, authenticated;
grant execute on function public.list_appointments to service_role;
revoke execute on function public.get_appointment from public, anon, authenticated;
grant execute on function public.get_appointment to service_role;
revoke execute on function public.create_appointment from public, anon, authenticated;
grant execute on function public.create_appointment to service_role;
revoke execute on function public.change_appointment from public, anon, authenticated;
grant execute on function public.change_appointment to service_role;
revoke execute on function public.delete_appointment from public, anon, authenticated;
grant execute on function public.delete_appointment to service_role;
revoke execute on function public.list_conflicts from public, anon, authenticated;
grant execute on function public.list_conflicts to service_role;

-- sql/views/01_calendar_webhooks.sql
-- The hybrid state, a row per calendar: what operators and the polling functions look at.
create view public.calendar_webhooks with (security_invoker = true) as
select coalesce(w.id, s.calendar_id) as id, s.user_id, s.calendar_id, a.provider, w.channel_id, w.resource_id,
  coalesce(w.status, 'none') as status,
  coalesce(w.status = 'active' and w.expires_at > public.calsync_now(), false) as is_active,
  w.expires_at, s.last_webhook_received, s.last_poll_at, s.webhook_failures, s.sync_token,
  s.created_at, greatest(s.updated_at, w.updated_at) as updated_at
from public.calendar_sync_states s
join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
left join lateral (
  select w.* from public.webhook_subscriptions w
  where w.user_id = s.user_id and w.calendar_id = s.calendar_id
  order by w.status = 'active' desc, w.created_at desc limit 1
) w on true;
comment on view public.calendar_webhooks is 'Webhook and polling state, one row per calendar';

-- sql/views/02_hybrid_status.sql
-- Which sync method holds for each calendar now, why, and what happens next and when. Derived, never stored.
create view public.hybrid_status with (security_invoker = true) as
with facts as (
  select s.*, c.name, a.provider, a.email as account_email, a.status as account_status, a.blocked_until, c.sync_enabled, c.removed_at,
    w.id as subscription_id, w.expires_at, w.activated_at, public.calsync_now() as now, l.stale_after, l.suspend_after,
    greatest(s.last_webhook_received, s.verified_at, w.activated_at) as heard_at
  from public.calendar_sync_states s
  cross join public.calsync_limits() l
  join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  left join public.webhook_subscriptions w on w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status = 'active'
), judged as (
  select f.*,
    case
      when not f.sync_enabled or f.removed_at is not null or f.account_status <> 'active' then 'disabled'
      when f.sync_token is null then 'full'
      when f.push <> 'wanted' or (f.subscription_id is null and f.webhook_failures = 0) then 'polling'
      when f.subscription_id is not null and f.expires_at > f.now and f.webhook_failures < f.suspend_after
        and f.heard_at > f.now - f.stale_after then 'webhook'
      else 'polling_and_repair'
    end as method,
    case
      when f.removed_at is not null then 'the calendar is gone from the account'
      when not f.sync_enabled then 'sync is turned off'
      when f.account_status in ('disconnecting', 'disconnected') then 'the account is ' || f.account_status
      when f.account_status <> 'active' then 'the account must be reconnected'
      when f.sync_token is null then case f.due_reason
        when 'initial' then 'never read completely' when 'reset' then 'a reset was asked for'
        else 'the cursor died or drift was found' end
      when f.push = 'turned_off' then 'push is turned off'
      when f.push = 'unsupported' then 'the provider offers no push for this calendar'
      when f.push = 'given_up' then format('push was given up after %s failures', f.webhook_failures)
      when f.webhook_failures >= f.suspend_after then format('push is suspended after %s failures', f.webhook_failures)
      when f.subscription_id is null and f.webhook_failures = 0 then 'no subscription yet'
      when f.subscription_id is null then 'the subscription must be made again'
      when f.expires_at <= f.now then 'the subscription ran out'
      when f.heard_at > f.now - f.stale_after then 'push was heard or verified lately'
      else 'push has been silent for too long'
    end as reason
  from facts f
)
select j.user_id, j.calendar_id, j.account_email, j.name, j.provider, j.method, j.reason,
  case
    when j.method = 'disabled' then 'none'
    when j.lease_expires_at > j.now then 'syncing'
    when j.blocked_until > j.now then 'wait for quota'
    when j.dead_at is not null then 'retry a dead letter'
    when j.attempts > 0 then 'retry'
    when j.push = 'wanted' and j.subscription_due_at < j.due_at
      then case when j.subscription_id is null then 'subscribe' else 'renew' end
    else case j.due_reason when 'polling' then 'poll' else 'sync' end
  end as next_action,
  case
    when j.method = 'disabled' then null
    when j.lease_expires_at > j.now then j.now
    when j.blocked_until > j.now then j.blocked_until
    when j.push = 'wanted' and j.attempts = 0 then least(j.due_at, j.subscription_due_at)
    else j.due_at
  end as next_action_at,
  j.heard_at, j.last_webhook_received, j.last_poll_at, j.last_sync_at, j.verified_at, j.webhook_failures,
  j.attempts, j.last_error_code, j.expires_at as subscription_expires_at
from judged j;
comment on view public.hybrid_status is 'The sync method of each calendar, why it holds, and the next action';

-- sql/views/03_queues.sql
-- Every notification received, with the sync method's own words for what became of it.
create view public.calendar_webhook_logs with (security_invoker = true) as
select n.user_id, n.id, n.calendar_id, c.name as calendar_name, n.channel_id, n.resource_state, n.message_number,
  n.outcome, n.received_at
from public.webhook_notifications n
join public.calendars c on c.user_id = n.user_id and c.id = n.calendar_id;
comment on view public.calendar_webhook_logs is 'Webhook notifications with their outcome';

-- Calendars whose last sync failed and that will be tried again by themselves.
create view public.webhook_retry_queue with (security_invoker = true) as
select s.user_id, s.calendar_id, s.attempts, s.due_at as retry_at, s.due_reason, s.last_error_code,
  s.last_error_message, s.last_error_at
from public.calendar_sync_states s
where s.attempts > 0 and s.dead_at is null;
comment on view public.webhook_retry_queue is 'Failed syncs that are to be retried';

-- What failed too often: syncs of calendars (tried rarely now), and events that could not be written (not tried any more).
-- Both at once by: calsync dead-letters replay.
create view public.dead_letters with (security_invoker = true) as
select s.user_id, s.calendar_id, c.name as calendar_name, s.attempts, s.dead_at, s.last_error_code,
  s.last_error_message, s.due_at as retry_at, 'sync' as kind, s.calendar_id as id
from public.calendar_sync_states s
join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
where s.dead_at is not null
union all
select w.user_id, w.calendar_id, c.name, w.attempts, w.dead_at, w.last_error_code, w.last_error_message, null,
  w.action || ' ' || w.subject, w.id
from public.provider_writes w
join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
where w.dead_at is not null;
comment on view public.dead_letters is 'Syncs and writes that failed too often';

-- sql/views/04_figures.sql
-- How many polls push made needless, by day.
create view public.polling_efficiency with (security_invoker = true) as
select l.user_id, l.day, sum(l.polls) + sum(l.polls_skipped) as polls_considered, sum(l.polls) as polls,
  sum(l.polls_skipped) as polls_skipped,
  round(100.0 * sum(l.polls_skipped) / nullif(sum(l.polls) + sum(l.polls_skipped), 0), 2) as skipped_percent
from public.api_call_ledger l
group by l.user_id, l.day;
comment on view public.polling_efficiency is 'Polls made and skipped, by person and day';

-- What syncs of each type cost and find, over the last seven days.
create view public.sync_performance with (security_invoker = true) as
select l.user_id, l.sync_type, count(*) as syncs, count(*) filter (where l.status = 'failed') as failed,
  round(avg(l.events_processed), 2) as avg_events_processed, round(avg(l.meetings_created), 2) as avg_meetings_created,
  round(avg(l.meetings_updated), 2) as avg_meetings_updated, round(avg(l.api_calls), 2) as avg_api_calls,
  round(avg(extract(epoch from l.finished_at - l.started_at)) * 1000) as avg_duration_ms
from public.calendar_sync_logs l
where l.created_at > public.calsync_now() - interval '7 days' and l.status in ('success', 'failed')
group by l.user_id, l.sync_type;
comment on view public.sync_performance is 'Syncs of the last seven days by type';

-- Who found the changes of the last seven days: push or polling.
create view public.detection_rates with (security_invoker = true) as
select l.user_id, case l.sync_type when 'webhook' then 'webhook' else 'polling' end as source, count(*) as syncs,
  sum(l.events_created + l.events_updated + l.events_deleted) as changes
from public.calendar_sync_logs l
where l.created_at > public.calsync_now() - interval '7 days' and l.status = 'success' and l.trigger <> 'initial'
group by l.user_id, case l.sync_type when 'webhook' then 'webhook' else 'polling' end;
comment on view public.detection_rates is 'Changes found by push and by polling';

-- API calls made, beside polling every calendar every 15 minutes with 3 calls each (288 a day), counted
-- from when the calendar was connected.
create view public.api_call_savings with (security_invoker = true) as
with days as (
  select l.user_id, l.day, l.api_calls, 288 * extract(epoch from
      least(public.calsync_now(), (l.day + 1)::timestamp at time zone 'UTC')
      - greatest(c.created_at, l.day::timestamp at time zone 'UTC')) / 86400 as polling
  from public.api_call_ledger l
  join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
)
select d.user_id, d.day, sum(d.api_calls) as api_calls, round(sum(d.polling))::bigint as api_calls_polling,
  round(100 - 100.0 * sum(d.api_calls) / nullif(sum(d.polling), 0), 1) as saved_percent
from days d
group by d.user_id, d.day;
comment on view public.api_call_savings is 'Measured API calls against polling every 15 minutes';

-- From the change at the provider (and from its notification) to the row in the mirror.
create view public.change_latency with (security_invoker = true) as
select l.user_id, l.calendar_id, (l.created_at at time zone 'UTC')::date as day, count(*) as changes,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from l.finished_at - l.changed_at))
    as change_to_mirror_p50_p95_p99,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from l.finished_at - l.notified_at))
    filter (where l.notified_at is not null) as notification_to_mirror_p50_p95_p99
from public.calendar_sync_logs l
where l.status = 'success' and l.changed_at is not null
group by l.user_id, l.calendar_id, (l.created_at at time zone 'UTC')::date;
comment on view public.change_latency is 'Seconds from change and from notification to the mirror: p50, p95, p99 by calendar and day';

-- Channels that should be gone: asked for and never answered, or not stopped for an hour.
create view public.subscription_leaks with (security_invoker = true) as
select w.user_id, w.calendar_id, w.id, w.channel_id, w.status, w.expires_at, w.stop_attempts, w.error_code,
  case w.status when 'pending' then 'never answered' else 'not stopped' end as problem
from public.webhook_subscriptions w
where (w.status = 'pending' and w.created_at < public.calsync_now() - interval '10 minutes')
   or (w.status = 'retiring' and w.retired_at < public.calsync_now() - interval '1 hour');
comment on view public.subscription_leaks is 'Channels that live at the provider and should not';

-- sql/views/05_work.sql
-- Series whose occurrences do not reach the end of their calendar's window: to be expanded, without an API call.
create view public.series_to_expand with (security_invoker = true) as
select e.user_id, e.calendar_id, e.id as event_id, e.content_hash, e.start_at, e.end_at, e.start_date, e.end_date,
  e.time_zone, to_jsonb(e.recurrence) as recurrence, s.window_start, s.window_end
from public.calendar_events e
join public.calendar_sync_states s on s.user_id = e.user_id and s.calendar_id = e.calendar_id
where e.expanded_to < s.window_end
  -- Says nothing new, but lets the index find the few that matter.
  and e.expanded_to < public.latest_window_end();
comment on view public.series_to_expand is 'Series that must be expanded again';

-- The mirror with its occurrences in one row per event, as calsync verify compares it with the provider.
create view public.mirrored_events with (security_invoker = true) as
select e.user_id, e.calendar_id, to_jsonb(e) || jsonb_build_object('occurrences', coalesce((
    select jsonb_agg(jsonb_build_object('key', o.occurrence_key, 'start_at', o.start_at, 'end_at', o.end_at,
                                        'start_date', o.start_date, 'end_date', o.end_date))
    from public.event_occurrences o where o.user_id = e.user_id and o.event_id = e.id), '[]')) as event,
  e.provider_event_id
from public.calendar_events e;
comment on view public.mirrored_events is 'Events with their occurrences, for verification';

-- Calendars that are synced and at rest, with their last verification (or when they were found): the oldest come first.
create view public.calendars_to_verify with (security_invoker = true) as
select s.user_id, s.calendar_id, coalesce(r.verified_at, s.created_at) as verified_at,
  coalesce(r.verified_at, s.created_at) < public.calsync_now() - interval '24 hours' as is_due
from public.calendar_sync_states s
join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
left join lateral (
  select m.created_at as verified_at from public.calendar_monitoring_results m
  where m.user_id = s.user_id and m.calendar_id = s.calendar_id and m.check_name = 'verify'
  order by m.created_at desc limit 1
) r on true
where s.sync_token is not null and s.attempts = 0 and c.sync_enabled and c.removed_at is null and a.status = 'active';
comment on view public.calendars_to_verify is 'Calendars by the age of their last verification';

-- The etag and kind of each event as it is known here, refused ones included, for providers whose cursor lies.
create view public.mirrored_etags with (security_invoker = true) as
select e.user_id, e.calendar_id, e.provider_event_id, e.etag, e.kind from public.calendar_events e
union all
select r.user_id, r.calendar_id, r.provider_event_id, r.etag, null from public.refused_events r;
comment on view public.mirrored_etags is 'Etags and kinds by provider event id';

-- When a worker is next needed, so that it sleeps no longer than it may.
create view public.due_summary with (security_invoker = true) as
select
  (select count(*) from public.calendar_sync_states where due_at <= public.calsync_now()) as calendars_due,
  (select min(due_at) from public.calendar_sync_states) as next_due_at,
  (select count(*) from public.calendar_sync_states where subscription_due_at <= public.calsync_now() and push = 'wanted')
    as subscriptions_due,
  public.calsync_now() as now;
comment on view public.due_summary is 'How much is due';

-- sql/views/06_calendar_explanations.sql
-- One calendar explained in one row: what was heard and read last, how far behind the mirror is, which method
-- holds and why, what happens next and when, and what is wrong with it.
create view public.calendar_explanations with (security_invoker = true) as
select h.user_id, h.calendar_id, h.account_email, h.name, h.provider, h.method, h.reason, h.next_action, h.next_action_at,
  h.last_webhook_received as last_notification_at, h.heard_at, h.last_sync_at as last_pull_at, h.last_poll_at,
  -- A notification that no sync has served yet; else the time the last change took.
  s.unserved_since as waiting_since,
  coalesce(extract(epoch from public.calsync_now() - s.unserved_since), served.lag_seconds) as lag_seconds,
  w.channel_id, w.status as subscription_status, w.is_active as subscribed, w.expires_at as subscription_expires_at,
  s.push, s.subscription_due_at, h.webhook_failures,
  h.attempts, s.last_error_code, s.last_error_message, s.last_error_at, s.dead_at,
  (select count(*) from public.calendar_events e where e.user_id = h.user_id and e.calendar_id = h.calendar_id) as events,
  recent.syncs as recent_syncs, refused.reasons as refused_events, open_alerts.alerts, public.calsync_now() as now
from public.hybrid_status h
join public.calendar_sync_states s on s.user_id = h.user_id and s.calendar_id = h.calendar_id
join public.calendar_webhooks w on w.user_id = h.user_id and w.calendar_id = h.calendar_id
left join lateral (
  select extract(epoch from l.finished_at - coalesce(l.changed_at, l.notified_at)) as lag_seconds
  from public.calendar_sync_logs l
  where l.user_id = h.user_id and l.calendar_id = h.calendar_id and l.status = 'success'
    and l.trigger <> 'initial' and coalesce(l.changed_at, l.notified_at) is not null
  order by l.created_at desc limit 1
) served on true
cross join lateral (
  select coalesce(jsonb_agg(to_jsonb(r) order by r.started_at desc), '[]') as syncs from (
    select l.sync_type, l.trigger, l.status, l.events_created, l.events_updated, l.events_deleted, l.events_refused,
      l.api_calls, l.error_code, l.error_message, l.started_at, l.finished_at
    from public.calendar_sync_logs l
    where l.user_id = h.user_id and l.calendar_id = h.calendar_id
    order by l.created_at desc limit 5
  ) r
) recent
cross join lateral (
  select coalesce(jsonb_object_agg(r.reason, r.events), '{}') as reasons from (
    select f.reason, count(*) as events from public.refused_events f
    where f.user_id = h.user_id and f.calendar_id = h.calendar_id group by f.reason
  ) r
) refused
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'severity', x.severity, 'message', x.message,
                                               'opened_at', x.opened_at) order by x.opened_at), '[]') as alerts
  from public.calendar_alerts x
  join public.calendars c on c.user_id = h.user_id and c.id = h.calendar_id
  where x.user_id = h.user_id and x.account_id = c.account_id and x.resolved_at is null
    and (x.calendar_id is null or x.calendar_id = h.calendar_id)
) open_alerts;
comment on view public.calendar_explanations is 'All that explains the state of one calendar, one row per calendar';

-- sql/views/07_busy_blocks.sql
-- What blocks what: every ordered pair of a person's calendars with the rule that holds. Without a row of
-- busy_block_rules: every calendar that the person may write blocks the primary calendars of their other accounts.
-- obstacle: why the pair cannot block whatever the rule says; an account that waits to be reconnected keeps its pairs.
create view public.busy_block_pairs with (security_invoker = true) as
-- Not made for all people at once to look up one.
with ends as not materialized (
  select c.user_id, c.id, c.account_id, c.name, a.provider, a.email, c.access_role, c.is_primary,
    case
      when c.removed_at is not null then 'is gone from its account'
      when not c.sync_enabled then 'is not synced'
      when a.status in ('disconnecting', 'disconnected') then 'is in an account that is ' || a.status
    end as trouble
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
), pairs as (
  select s.user_id, s.id as source_calendar_id, t.id as target_calendar_id,
    coalesce(s.name, s.id::text) || ' (' || coalesce(s.email, s.provider) || ')' as source_name,
    coalesce(t.name, t.id::text) || ' (' || coalesce(t.email, t.provider) || ')' as target_name,
    case
      when s.trouble is not null then 'the source ' || s.trouble
      when t.trouble is not null then 'the target ' || t.trouble
      when t.access_role not in ('owner', 'writer') then 'the target cannot be written'
    end as obstacle,
    s.access_role in ('owner', 'writer') and t.is_primary and s.account_id <> t.account_id as by_default
  from ends s
  join ends t on t.user_id = s.user_id and t.id <> s.id
)
select p.user_id, p.source_calendar_id, p.target_calendar_id, p.source_name, p.target_name,
  p.obstacle is null and coalesce(r.is_enabled, p.by_default) as is_enabled, p.obstacle,
  p.by_default,
  r.user_id is not null as has_rule, coalesce(r.copy_title, false) as copy_title, coalesce(r.skip_free, true) as skip_free,
  coalesce(r.skip_tentative, false) as skip_tentative, coalesce(r.skip_all_day, false) as skip_all_day,
  coalesce(r.skip_declined, true) as skip_declined, coalesce(r.skip_working_location, true) as skip_working_location
from pairs p
left join public.busy_block_rules r on r.user_id = p.user_id
  and r.source_calendar_id = p.source_calendar_id and r.target_calendar_id = p.target_calendar_id;
comment on view public.busy_block_pairs is 'The rule for busy blocks that holds for each pair of calendars of a person';

-- From the change to the busy block at its provider, by target calendar and day: the last write of each block counts.
create view public.block_latency with (security_invoker = true) as
select b.user_id, b.target_calendar_id as calendar_id, (b.written_at at time zone 'UTC')::date as day, count(*) as blocks,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from b.written_at - b.changed_at))
    as change_to_block_p50_p95_p99
from public.busy_blocks b
where b.written_at >= b.changed_at
group by b.user_id, b.target_calendar_id, (b.written_at at time zone 'UTC')::date;
comment on view public.block_latency is 'Seconds from change to busy block: p50, p95, p99 by calendar and day';

-- Every busy block and how it stands with its provider.
create view public.busy_block_status with (security_invoker = true) as
select b.user_id, b.id, b.source_calendar_id, b.target_calendar_id, s.name as source_name, t.name as target_name, b.title,
  b.start_at, b.end_at, b.start_date, b.end_date, b.ends_at,
  case
    when w.dead_at is not null then 'failed'
    when w.id is not null then 'to be ' || case when not b.is_wanted then 'deleted'
      when b.provider_event_id is null then 'created' else 'updated' end
    -- Deleted or changed there again and again: somebody does not want it so.
    when b.reverted >= 5 then 'left alone'
    else 'written'
  end as status,
  w.last_error_code, w.last_error_message, b.written_at, b.changed_at
from public.busy_blocks b
join public.calendars t on t.user_id = b.user_id and t.id = b.target_calendar_id
left join public.calendars s on s.user_id = b.user_id and s.id = b.source_calendar_id
left join public.provider_writes w on w.user_id = b.user_id and w.id = b.id;
comment on view public.busy_block_status is 'Busy blocks and whether their events are written';

-- sql/views/64_appointments.sql
-- Where appointments stand: synced; pending: a write or a merge is to come; conflict: somebody must decide; failed:
-- writing was given up until it is replayed or changed. Deleted ones are listed until their event is deleted too.
create view public.appointment_status with (security_invoker = true) as
select l.user_id, l.id, l.calendar_id, l.deleted_at is not null as is_deleted, l.provider_event_id,
  case when l.held = 'conflict' then 'conflict' when w.dead_at is not null then 'failed'
       when w.id is not null or l.held is not null or l.provider_event_id is null then 'pending' else 'synced' end as state,
  case when l.held = 'conflict' then 'both sides were changed; resolve the conflict'
       when w.dead_at is not null then concat_ws(': ', w.last_error_code, w.last_error_message)
       when a.status = 'needs_reauth' then 'its account must be reconnected'
       when w.last_error_code is not null then concat_ws(': ', w.last_error_code, w.last_error_message)
       when l.held = 'merge' then 'its calendar is to be read first'
       when w.id is not null then 'to be written' end as reason,
  l.local_changed_at, l.agreed_at
from public.appointment_links l
join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
left join public.provider_writes w on w.user_id = l.user_id and w.id = l.id;
comment on view public.appointment_status is 'Whether appointments are synced, and if not, why';

-- sql/views/70_calendar_facts.sql
-- What the health of a calendar is judged by: the method that holds, push, the last syncs, what is open.
create view public.calendar_facts with (security_invoker = true) as
select h.user_id, h.calendar_id, c.account_id, h.name, h.provider, h.method, h.reason, h.next_action, h.next_action_at,
  s.push, coalesce(h.subscription_expires_at > public.calsync_now(), false) as subscribed, h.subscription_expires_at,
  h.last_webhook_received, h.last_poll_at, h.last_sync_at, h.webhook_failures, h.attempts, h.last_error_code, s.dead_at,
  a.status as account_status,
  exists (select 1 from public.calendar_alerts x where x.user_id = h.user_id and x.calendar_id = h.calendar_id
            and x.kind = 'drift' and x.resolved_at is null) as drifted,
  (select count(*)::integer from public.subscription_leaks l
   where l.user_id = h.user_id and l.calendar_id = h.calendar_id) as leaked,
  c.created_at, public.calsync_now() as now
from public.hybrid_status h
join public.calendars c on c.user_id = h.user_id and c.id = h.calendar_id and c.removed_at is null
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
join public.calendar_sync_states s on s.user_id = h.user_id and s.calendar_id = h.calendar_id;
comment on view public.calendar_facts is 'What the health of calendars is judged by';

-- sql/policies.sql
-- Who may do what. A signed-in person reads exactly their own rows; nothing is written over REST but by the
-- functions, which belong to the service role; anonymous callers get nothing. Supabase grants everything to
-- everybody by default, hence the revokes.

alter table public.calendar_accounts enable row level security;
revoke all on public.calendar_accounts from public, anon, authenticated, service_role;
grant select on public.calendar_accounts to authenticated;
grant select, insert, update, delete on public.calendar_accounts to service_role;
create policy own_rows on public.calendar_accounts for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendars enable row level security;
revoke all on public.calendars from public, anon, authenticated, service_role;
grant select on public.calendars to authenticated;
grant select, insert, update, delete on public.calendars to service_role;
create policy own_rows on public.calendars for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_sync_states enable row level security;
revoke all on public.calendar_sync_states from public, anon, authenticated, service_role;
grant select on public.calendar_sync_states to authenticated;
grant select, insert, update, delete on public.calendar_sync_states to service_role;
create policy own_rows on public.calendar_sync_states for select to authenticated using (user_id = (select auth.uid()));

alter table public.webhook_subscriptions enable row level security;
revoke all on public.webhook_subscriptions from public, anon, authenticated, service_role;
grant select on public.webhook_subscriptions to authenticated;
grant select, insert, update, delete on public.webhook_subscriptions to service_role;
create policy own_rows on public.webhook_subscriptions for select to authenticated using (user_id = (select auth.uid()));

alter table public.webhook_notifications enable row level security;
revoke all on public.webhook_notifications from public, anon, authenticated, service_role;
grant select on public.webhook_notifications to authenticated;
grant select, insert, update, delete on public.webhook_notifications to service_role;
create policy own_rows on public.webhook_notifications for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_events enable row level security;
revoke all on public.calendar_events from public, anon, authenticated, service_role;
grant select on public.calendar_events to authenticated;
grant select, insert, update, delete on public.calendar_events to service_role;
create policy own_rows on public.calendar_events for select to authenticated using (user_id = (select auth.uid()));

alter table public.event_occurrences enable row level security;
revoke all on public.event_occurrences from public, anon, authenticated, service_role;
grant select on public.event_occurrences to authenticated;
grant select, insert, update, delete on public.event_occurrences to service_role;
create policy own_rows on public.event_occurrences for select to authenticated using (user_id = (select auth.uid()));

alter table public.meetings enable row level security;
revoke all on public.meetings from public, anon, authenticated, service_role;
grant select on public.meetings to authenticated;
grant select, insert, update, delete on public.meetings to service_role;
create policy own_rows on public.meetings for select to authenticated using (user_id = (select auth.uid()));

alter table public.refused_events enable row level security;
revoke all on public.refused_events from public, anon, authenticated, service_role;
grant select on public.refused_events to authenticated;
grant select, insert, update, delete on public.refused_events to service_role;
create policy own_rows on public.refused_events for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_sync_logs enable row level security;
revoke all on public.calendar_sync_logs from public, anon, authenticated, service_role;
grant select on public.calendar_sync_logs to authenticated;
grant select, insert, update, delete on public.calendar_sync_logs to service_role;
create policy own_rows on public.calendar_sync_logs for select to authenticated using (user_id = (select auth.uid()));

alter table public.api_call_ledger enable row level security;
revoke all on public.api_call_ledger from public, anon, authenticated, service_role;
grant select on public.api_call_ledger to authenticated;
grant select, insert, update, delete on public.api_call_ledger to service_role;
create policy own_rows on public.api_call_ledger for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_alerts enable row level security;
revoke all on public.calendar_alerts from public, anon, authenticated, service_role;
grant select on public.calendar_alerts to authenticated;
grant select, insert, update, delete on public.calendar_alerts to service_role;
create policy own_rows on public.calendar_alerts for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_monitoring_results enable row level security;
revoke all on public.calendar_monitoring_results from public, anon, authenticated, service_role;
grant select on public.calendar_monitoring_results to authenticated;
grant select, insert, update, delete on public.calendar_monitoring_results to service_role;
create policy own_rows on public.calendar_monitoring_results for select to authenticated using (user_id = (select auth.uid()));

alter table public.audit_log enable row level security;
revoke all on public.audit_log from public, anon, authenticated, service_role;
grant select on public.audit_log to authenticated;
grant select, insert on public.audit_log to service_role;
create policy own_rows on public.audit_log for select to authenticated using (user_id = (select auth.uid()));

alter table public.busy_block_rules enable row level security;
revoke all on public.busy_block_rules from public, anon, authenticated, service_role;
grant select on public.busy_block_rules to authenticated;
grant select, insert, update, delete on public.busy_block_rules to service_role;
create policy own_rows on public.busy_block_rules for select to authenticated using (user_id = (select auth.uid()));

alter table public.busy_blocks enable row level security;
revoke all on public.busy_blocks from public, anon, authenticated, service_role;
grant select on public.busy_blocks to authenticated;
grant select, insert, update, delete on public.busy_blocks to service_role;
create policy own_rows on public.busy_blocks for select to authenticated using (user_id = (select auth.uid()));

alter table public.provider_writes enable row level security;
revoke all on public.provider_writes from public, anon, authenticated, service_role;
grant select on public.provider_writes to authenticated;
grant select, insert, update, delete on public.provider_writes to service_role;
create policy own_rows on public.provider_writes for select to authenticated using (user_id = (select auth.uid()));

-- The one table that people write: their own rows, and of these what is theirs to say. Triggers look at the rest.
alter table public.appointments enable row level security;
revoke all on public.appointments from public, anon, authenticated, service_role;
grant select, delete on public.appointments to authenticated;
grant insert (user_id, id, calendar_id, summary, description, location, start_at, end_at, start_date, end_date, time_zone,
              show_as, visibility) on public.appointments to authenticated;
grant update (summary, description, location, start_at, end_at, start_date, end_date, time_zone, show_as, visibility)
  on public.appointments to authenticated;
grant select, insert, update, delete on public.appointments to service_role;
create policy own_rows on public.appointments to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

alter table public.appointment_links enable row level security;
revoke all on public.appointment_links from public, anon, authenticated, service_role;
grant select on public.appointment_links to authenticated;
grant select, insert, update, delete on public.appointment_links to service_role;
create policy own_rows on public.appointment_links for select to authenticated using (user_id = (select auth.uid()));

alter table public.sync_conflicts enable row level security;
revoke all on public.sync_conflicts from public, anon, authenticated, service_role;
grant select on public.sync_conflicts to authenticated;
grant select, insert, update, delete on public.sync_conflicts to service_role;
create policy own_rows on public.sync_conflicts for select to authenticated using (user_id = (select auth.uid()));

-- Private tables: for definer functions, and for the service role where a plain function writes them.
alter table calsync_private.limits enable row level security;
alter table calsync_private.installation enable row level security;
alter table calsync_private.account_credentials enable row level security;
alter table calsync_private.provider_circuits enable row level security;
alter table calsync_private.full_sync_seen enable row level security;
alter table calsync_private.oauth_flows enable row level security;
grant select, insert, update, delete on calsync_private.oauth_flows to service_role;
alter table calsync_private.idempotency_keys enable row level security;
alter table calsync_private.appointment_offers enable row level security;
alter table calsync_private.appointment_sightings enable row level security;
grant usage on schema calsync_private to service_role;
grant select, insert, update, delete on calsync_private.appointment_offers, calsync_private.appointment_sightings to service_role;
grant select on calsync_private.installation to service_role;
grant select, insert, update, delete on calsync_private.provider_circuits, calsync_private.full_sync_seen,
  calsync_private.idempotency_keys to service_role;

-- Views run with the rights of the caller (security_invoker), so the policies above hold behind them.
revoke all on public.calendar_webhooks from public, anon, authenticated, service_role;
grant select on public.calendar_webhooks to authenticated, service_role;
revoke all on public.hybrid_status from public, anon, authenticated, service_role;
grant select on public.hybrid_status to authenticated, service_role;
revoke all on public.calendar_webhook_logs from public, anon, authenticated, service_role;
grant select on public.calendar_webhook_logs to authenticated, service_role;
revoke all on public.webhook_retry_queue from public, anon, authenticated, service_role;
grant select on public.webhook_retry_queue to authenticated, service_role;
revoke all on public.dead_letters from public, anon, authenticated, service_role;
grant select on public.dead_letters to authenticated, service_role;
revoke all on public.polling_efficiency from public, anon, authenticated, service_role;
grant select on public.polling_efficiency to authenticated, service_role;
revoke all on public.sync_performance from public, anon, authenticated, service_role;
grant select on public.sync_performance to authenticated, service_role;
revoke all on public.detection_rates from public, anon, authenticated, service_role;
grant select on public.detection_rates to authenticated, service_role;
revoke all on public.api_call_savings from public, anon, authenticated, service_role;
grant select on public.api_call_savings to authenticated, service_role;
revoke all on public.change_latency from public, anon, authenticated, service_role;
grant select on public.change_latency to authenticated, service_role;
revoke all on public.subscription_leaks from public, anon, authenticated, service_role;
grant select on public.subscription_leaks to authenticated, service_role;
revoke all on public.series_to_expand from public, anon, authenticated, service_role;
grant select on public.series_to_expand to service_role;
revoke all on public.mirrored_events from public, anon, authenticated, service_role;
grant select on public.mirrored_events to service_role;
revoke all on public.due_summary from public, anon, authenticated, service_role;
grant select on public.due_summary to service_role;
revoke all on public.calendar_explanations from public, anon, authenticated, service_role;
grant select on public.calendar_explanations to authenticated, service_role;
revoke all on public.mirrored_etags from public, anon, authenticated, service_role;
grant select on public.mirrored_etags to service_role;
revoke all on public.calendars_to_verify from public, anon, authenticated, service_role;
grant select on public.calendars_to_verify to service_role;
revoke all on public.calendar_facts from public, anon, authenticated, service_role;
grant select on public.calendar_facts to authenticated, service_role;
revoke all on public.busy_block_pairs from public, anon, authenticated, service_role;
grant select on public.busy_block_pairs to authenticated, service_role;
revoke all on public.block_latency from public, anon, authenticated, service_role;
grant select on public.block_latency to authenticated, service_role;
revoke all on public.appointment_status from public, anon, authenticated, service_role;
grant select on public.appointment_status to authenticated, service_role;
revoke all on public.busy_block_status from public, anon, authenticated, service_role;
grant select on public.busy_block_status to authenticated, service_role;
