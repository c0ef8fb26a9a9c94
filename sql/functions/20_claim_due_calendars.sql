-- Takes up to p_limit due calendars under a lease with a fencing token, oldest first and fair between
-- accounts: at most p_per_account leases each, none for an account that is blocked by quota or over
-- its budget of the minute, none while the provider's circuit is open. One round trip gives all that
-- a sync needs. p_calendar_id asks for one calendar (still only if it is due). Planned at each call: a plan
-- that fits every limit and every argument would read all that is due, and after an outage that is everything.
create function public.claim_due_calendars(p_worker text, p_limit integer, p_lease_seconds double precision,
  p_per_account integer default 2, p_calls_per_minute integer default 500, p_user_id uuid default null,
  p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text,
  time_zone text, sealed text, sync_token text, page_token text, lease_token bigint, trigger text, sync_type text,
  attempts integer, webhook_failures integer, quiet_syncs integer, listening boolean,
  next_occurrence_at timestamptz, window_start timestamptz, window_end timestamptz, now timestamptz)
language plpgsql set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  -- Mostly nothing is due, and planning what follows takes ten times as long as finding that out.
  if not exists (select from public.calendar_sync_states s
                 where s.due_at <= v_now and (p_user_id is null or s.user_id = p_user_id)
                   and (p_calendar_id is null or s.calendar_id = p_calendar_id)) then
    return;
  end if;
  return query
  with busy as materialized (
    select c.user_id, c.account_id, count(*) as leases
    from public.calendar_sync_states h
    join public.calendars c on c.user_id = h.user_id and c.id = h.calendar_id
    where h.lease_holder is not null and h.lease_expires_at > v_now
    group by c.user_id, c.account_id
  ), candidates as materialized (
    select s.user_id, s.calendar_id, c.account_id, s.due_at
    from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.due_at <= v_now and c.sync_enabled and c.removed_at is null and a.status = 'active'
      and (p_user_id is null or s.user_id = p_user_id)
      and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and (a.blocked_until is null or a.blocked_until <= v_now)
      and not (a.budget_minute is not distinct from date_trunc('minute', v_now) and a.budget_used >= p_calls_per_minute)
      and not exists (select 1 from calsync_private.provider_circuits p
                      where p.provider = a.provider and p.open_until > v_now)
    order by s.due_at
    limit p_limit * 10 + 50
  ), fair as materialized (
    select k.user_id, k.calendar_id, k.due_at,
      row_number() over (partition by k.user_id, k.account_id order by k.due_at) + coalesce(b.leases, 0) as place
    from candidates k
    left join busy b on b.user_id = k.user_id and b.account_id = k.account_id
  ), taken as (
    select s.user_id, s.calendar_id
    from public.calendar_sync_states s
    join fair f on f.user_id = s.user_id and f.calendar_id = s.calendar_id
    where s.due_at <= v_now and f.place <= p_per_account
    order by f.place, f.due_at
    limit p_limit
    for update of s skip locked
  ), before as (
    select s.* from public.calendar_sync_states s join taken t on t.user_id = s.user_id and t.calendar_id = s.calendar_id
  ), abandoned as (
    update public.calendar_sync_logs l set status = 'abandoned', finished_at = v_now, error_code = 'lease_lapsed'
    from before b
    where b.lease_holder is not null and l.user_id = b.user_id and l.created_at = b.claimed_at and l.id = b.log_id
  ), claimed as (
    update public.calendar_sync_states s set
      lease_token = s.lease_token + 1, lease_holder = p_worker,
      lease_expires_at = v_now + make_interval(secs => p_lease_seconds),
      due_at = v_now + make_interval(secs => p_lease_seconds),
      claimed_seq = s.change_seq, claimed_at = v_now, log_id = gen_random_uuid(),
      full_sync_id = case when s.sync_token is null or s.page_token is not null
                          then coalesce(s.full_sync_id, gen_random_uuid()) end,
      -- A worker that dies with a lease counts as an attempt, or a poisonous calendar would kill workers for ever.
      attempts = s.attempts + (s.lease_holder is not null)::integer,
      updated_at = v_now
    from taken t where s.user_id = t.user_id and s.calendar_id = t.calendar_id
    returning s.*
  ), logged as (
    insert into public.calendar_sync_logs
      (user_id, id, calendar_id, lease_token, sync_type, trigger, status, notified_at, started_at, created_at)
    select k.user_id, k.log_id, k.calendar_id, k.lease_token,
      case when k.full_sync_id is not null then 'full' when k.due_reason = 'webhook' then 'webhook' else 'incremental' end,
      k.due_reason, 'running', k.unserved_since, v_now, v_now
    from claimed k
    returning user_id, calendar_id, sync_type
  )
  select k.user_id, k.calendar_id, c.account_id, a.provider, c.provider_calendar_id, c.time_zone,
    public.sealed_credentials(k.user_id, c.account_id), k.sync_token, k.page_token, k.lease_token, k.due_reason,
    l.sync_type, k.attempts, k.webhook_failures, k.quiet_syncs,
    public.is_listening(k.user_id, k.calendar_id, k.webhook_failures, v_now),
    (select min(o.start_at) from public.event_occurrences o
     where o.user_id = k.user_id and o.calendar_id = k.calendar_id and o.start_at > v_now),
    k.window_start, k.window_end, v_now
  from claimed k
  join logged l on l.user_id = k.user_id and l.calendar_id = k.calendar_id
  join public.calendars c on c.user_id = k.user_id and c.id = k.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id;
end
$$;
comment on function public.claim_due_calendars is 'Leases due calendars, fairly between accounts, with all that a sync needs';

revoke execute on function public.claim_due_calendars from public, anon, authenticated;
grant execute on function public.claim_due_calendars to service_role;
