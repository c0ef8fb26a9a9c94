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
