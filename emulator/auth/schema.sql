-- What the stand-in keeps beside auth.users: passwords, sessions, refresh tokens (as SHA-256).
create schema if not exists emulator_auth;
create table if not exists emulator_auth.people (
  user_id uuid primary key references auth.users (id) on delete cascade,
  password text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_sign_in_at timestamptz
);
create table if not exists emulator_auth.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now()
);
create index if not exists sessions_by_user on emulator_auth.sessions (user_id);
create table if not exists emulator_auth.refresh_tokens (
  token_hash text primary key,
  session_id uuid not null references emulator_auth.sessions (id) on delete cascade,
  used_at timestamptz
);
create index if not exists refresh_tokens_by_session on emulator_auth.refresh_tokens (session_id);
