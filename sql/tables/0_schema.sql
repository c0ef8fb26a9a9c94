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

-- How long push is trusted without being heard or verified: `calsync.poll_stale_after_hours`, else 6 hours.
create function public.calsync_stale_after() returns interval language sql stable parallel safe
set search_path = '' as $$
  select make_interval(secs => 3600 * coalesce(nullif(current_setting('calsync.poll_stale_after_hours', true), '')::double precision, 6))
$$;
comment on function public.calsync_stale_after() is 'After this silence a calendar is polled';

-- Views run with their reader's rights, so readers need the clock.
revoke execute on function public.calsync_now() from public, anon;
revoke execute on function public.calsync_stale_after() from public, anon;
grant execute on function public.calsync_now() to authenticated, service_role;
grant execute on function public.calsync_stale_after() to authenticated, service_role;
