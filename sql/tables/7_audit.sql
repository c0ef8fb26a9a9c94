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
