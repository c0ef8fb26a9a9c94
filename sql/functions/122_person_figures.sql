-- How push served a person in the last p_days days: what became of notifications, how long until they were in the
-- mirror, which errors there were, and the trend by day.
create function public.webhook_metrics(p_user_id uuid, p_days integer)
returns table (notifications bigint, outcomes jsonb, syncs bigint, failed bigint, success_percent numeric,
               mean_seconds double precision, p50_seconds double precision, p95_seconds double precision,
               p99_seconds double precision, errors jsonb, days jsonb)
language sql stable set search_path = '' as $$
  with since as (
    select public.calsync_now() - make_interval(days => p_days) as at
  ), heard as (
    select n.outcome, count(*) as n from since, public.webhook_notifications n
    where n.user_id = p_user_id and n.received_at > since.at group by n.outcome
  ), served as (
    select l.*, extract(epoch from l.finished_at - coalesce(l.notified_at, l.started_at))::double precision as seconds
    from since, public.calendar_sync_logs l
    where l.user_id = p_user_id and l.created_at > since.at and l.trigger = 'webhook' and l.status in ('success', 'failed')
  ), broken as (
    select s.error_code, count(*) as n from served s where s.status = 'failed' group by s.error_code
  ), daily as (
    select (s.created_at at time zone 'UTC')::date as day, count(*) as syncs,
      count(*) filter (where s.status = 'failed') as failed, avg(s.seconds) filter (where s.status = 'success') as mean_seconds
    from served s group by 1
  )
  select (select coalesce(sum(h.n), 0)::bigint from heard h),
    (select coalesce(jsonb_object_agg(h.outcome, h.n), '{}') from heard h),
    count(*), count(*) filter (where s.status = 'failed'),
    round(100.0 * count(*) filter (where s.status = 'success') / nullif(count(*), 0), 2),
    avg(s.seconds) filter (where s.status = 'success'),
    percentile_cont(0.5) within group (order by s.seconds) filter (where s.status = 'success'),
    percentile_cont(0.95) within group (order by s.seconds) filter (where s.status = 'success'),
    percentile_cont(0.99) within group (order by s.seconds) filter (where s.status = 'success'),
    (select coalesce(jsonb_object_agg(b.error_code, b.n), '{}') from broken b),
    (select coalesce(jsonb_agg(to_jsonb(d) order by d.day), '[]') from daily d)
  from served s
$$;
comment on function public.webhook_metrics is 'How push served a person lately';

-- How a person's calendars fare: syncs and errors of the last seven days, and what is open now.
create function public.person_figures(p_user_id uuid)
returns table (calendars bigint, accounts bigint, accounts_lost bigint, syncs bigint, failed bigint, error_percent numeric,
               syncs_per_day numeric, api_calls bigint, last_sync_at timestamptz, alerts jsonb, checks_failed bigint)
language sql stable set search_path = '' as $$
  select
    (select count(*) from public.calendars c where c.user_id = p_user_id and c.removed_at is null),
    (select count(*) from public.calendar_accounts a where a.user_id = p_user_id and a.status in ('active', 'needs_reauth')),
    (select count(*) from public.calendar_accounts a where a.user_id = p_user_id and a.status = 'needs_reauth'),
    count(*), count(*) filter (where l.status = 'failed'),
    round(100.0 * count(*) filter (where l.status = 'failed') / nullif(count(*), 0), 2),
    round(count(*) / 7.0, 2), coalesce(sum(l.api_calls), 0)::bigint,
    (select max(s.last_sync_at) from public.calendar_sync_states s where s.user_id = p_user_id),
    (select coalesce(jsonb_object_agg(x.severity, x.n), '{}') from (
       select x.severity, count(*) as n from public.calendar_alerts x
       where x.user_id = p_user_id and x.resolved_at is null group by x.severity) x),
    (select count(*) from public.calendar_monitoring_results m
     where m.user_id = p_user_id and not m.passed and m.created_at > public.calsync_now() - interval '7 days')
  from public.calendar_sync_logs l
  where l.user_id = p_user_id and l.created_at > public.calsync_now() - interval '7 days' and l.status in ('success', 'failed')
$$;
comment on function public.person_figures is 'How the calendars of a person fare';

revoke execute on function public.webhook_metrics from public, anon, authenticated;
grant execute on function public.webhook_metrics to service_role;
revoke execute on function public.person_figures from public, anon, authenticated;
grant execute on function public.person_figures to service_role;
