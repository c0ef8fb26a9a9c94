-- What Supabase brings and a plain Postgres lacks: its roles, `auth.users`, `auth.uid()`, `auth.jwt()`.
-- Not a migration. Each step looks first, so that on Supabase (or when run twice) it does nothing.
do $$
begin
  -- Roles belong to the server, so two databases may be prepared at once.
  perform pg_advisory_xact_lock(hashtext('calsync.bootstrap'));
  if not exists (select 1 from pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select 1 from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select 1 from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
exception when duplicate_object or unique_violation then
  null; -- another session made them first; roles are there either way
end
$$;

do $$
begin
  if to_regnamespace('auth') is not null then
    return;
  end if;
  create schema auth;
  grant usage on schema auth to anon, authenticated, service_role;

  create table auth.users (
    id uuid primary key default gen_random_uuid(),
    email text unique,
    created_at timestamptz not null default now()
  );

  create function auth.jwt() returns jsonb language sql stable as $f$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb
  $f$;
  create function auth.uid() returns uuid language sql stable as $f$
    select nullif(auth.jwt() ->> 'sub', '')::uuid
  $f$;
  create function auth.role() returns text language sql stable as $f$
    select auth.jwt() ->> 'role'
  $f$;
end
$$;

grant usage on schema public to anon, authenticated, service_role;
