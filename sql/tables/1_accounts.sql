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
