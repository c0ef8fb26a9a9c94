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
