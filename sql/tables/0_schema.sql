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
