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
