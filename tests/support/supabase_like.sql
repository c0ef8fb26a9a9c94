-- An empty Supabase project, as far as a migration can tell: its roles, GoTrue's schema, and the default
-- privileges that hand every new object in public to the REST roles. Run as superuser in a new database.
-- Source: github.com/supabase/postgres, migrations/db (initial-schema, auth-schema, demote-postgres), and
-- github.com/supabase/auth, migrations. Supabase's `postgres`, who migrates and is no superuser, is called
-- calsync_test_owner here, since a test server has a superuser of that name.

do $$
declare
  v_role text;
begin
  foreach v_role in array array[
    'anon nologin noinherit', 'authenticated nologin noinherit', 'service_role nologin noinherit bypassrls',
    'authenticator login noinherit', 'supabase_auth_admin login noinherit createrole',
    'calsync_test_owner login createdb createrole replication bypassrls password ''calsync'''
  ] loop
    begin
      execute 'create role ' || v_role;
    exception when duplicate_object or unique_violation then
      null; -- roles belong to the server: another database has them already
    end;
  end loop;
end
$$;

do $$
begin
  grant anon, authenticated, service_role to authenticator;
  grant anon, authenticated, service_role to calsync_test_owner with admin option;
exception when unique_violation or internal_error then
  null; -- another database is being prepared ("tuple concurrently updated")
end
$$;

do $$
begin
  execute format('alter database %I owner to calsync_test_owner', current_database());
end
$$;
grant usage on schema public to calsync_test_owner, anon, authenticated, service_role;
alter default privileges for role calsync_test_owner in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role calsync_test_owner in schema public
  grant all on functions to anon, authenticated, service_role;
alter default privileges for role calsync_test_owner in schema public
  grant all on sequences to anon, authenticated, service_role;

create schema extensions;
grant usage on schema extensions to calsync_test_owner, anon, authenticated, service_role;

create schema auth;
create table auth.users (
  instance_id uuid,
  id uuid primary key,
  aud varchar(255),
  role varchar(255),
  email varchar(255),
  encrypted_password varchar(255),
  email_confirmed_at timestamptz,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  is_sso_user boolean not null default false,
  deleted_at timestamptz,
  is_anonymous boolean not null default false
);
create unique index users_email_partial_key on auth.users (email) where is_sso_user = false;
alter table auth.users enable row level security;

create function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
                  nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
$$;

alter table auth.users owner to supabase_auth_admin;
alter function auth.jwt() owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role;
grant all on schema auth to supabase_auth_admin;
grant usage on schema auth to calsync_test_owner;
grant all on auth.users to calsync_test_owner;
