-- A person or a cron asks for a poll. Smart: where a webhook came (or a sync ran) within p_stale_seconds and push
-- is healthy, the poll is skipped and counted as skipped; p_stale_seconds = 0 polls in any case. The sync
-- that serves a request has a lease token above the one answered here.
create function public.request_polls(p_stale_seconds double precision, p_reason text, p_limit integer,
                                     p_user_id uuid default null, p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, skipped boolean, lease_token bigint, now timestamptz) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_fresh_since constant timestamptz := v_now - make_interval(secs => p_stale_seconds);
begin
  if p_reason not in ('polling', 'manual', 'repair') then
    raise exception 'unknown reason %', p_reason using errcode = 'CS003', hint = 'Use polling, manual or repair.';
  end if;
  return query
  with asked as materialized (
    select s.user_id, s.calendar_id, s.lease_token, p_stale_seconds > 0 and s.sync_token is not null and s.attempts = 0
        and public.is_listening(s.user_id, s.calendar_id, s.webhook_failures, v_now)
        and greatest(s.last_webhook_received, s.verified_at, w.activated_at) > v_fresh_since as healthy
    from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    left join public.webhook_subscriptions w
      on w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status = 'active'
    where (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and c.sync_enabled and c.removed_at is null and a.status = 'active'
    order by s.last_sync_at nulls first
    limit p_limit
  )
  select k.user_id, k.calendar_id,
    case when k.healthy then public.skip_poll(k.user_id, k.calendar_id)
         else not public.make_due(k.user_id, k.calendar_id, p_reason) end,
    k.lease_token, v_now
  from asked k;
end
$$;
comment on function public.request_polls is 'Makes calendars due whose push is stale; skips and counts the healthy ones';

-- How many of these calendars may still be served within so many seconds: somebody is syncing them, or they come due
-- and nothing stops them. p_polls: [{"user_id": …, "calendar_id": …}, …]. Whoever asked for polls waits for these, and for no others.
create function public.count_pending_polls(p_polls jsonb, p_seconds double precision)
returns table (pending bigint) language sql stable set search_path = '' as $$
  with clock as (
    select public.calsync_now() as now, public.calsync_now() + make_interval(secs => p_seconds) as until
  )
  select count(*)
  from clock t
  cross join jsonb_to_recordset(p_polls) k (user_id uuid, calendar_id uuid)
  join public.calendar_sync_states s on s.user_id = k.user_id and s.calendar_id = k.calendar_id
  join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where (s.lease_holder is not null and s.lease_expires_at > t.now)
    or (s.due_at <= t.until and c.sync_enabled and c.removed_at is null and a.status = 'active'
        and (a.blocked_until is null or a.blocked_until <= t.until)
        and not exists (select 1 from calsync_private.provider_circuits p
                        where p.provider = a.provider and p.open_until > t.until))
$$;
comment on function public.count_pending_polls is 'Counts the calendars of a poll that are worth waiting for';

-- Internal: a poll that was not needed, counted in the ledger: what push saved.
create function public.skip_poll(p_user_id uuid, p_calendar_id uuid)
returns boolean language sql set search_path = '' as $$
  select public.note_cost(p_user_id, p_calendar_id, 0, 0, 0, 1);
  select true
$$;
comment on function public.skip_poll is 'Counts a skipped poll';

-- Start over: the cursor is dropped and everything is read again; rows that are right stay untouched.
create function public.reset_calendar(p_user_id uuid, p_calendar_id uuid, p_reason text default 'reset')
returns table (calendar_id uuid) language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if p_reason not in ('reset', 'repair') then
    raise exception 'unknown reason %', p_reason using errcode = 'CS003', hint = 'Use reset or repair.';
  end if;
  -- A running sync loses its lease: it must not put its cursor back.
  update public.calendar_sync_states s set
    sync_token = null, page_token = null, full_sync_id = null, attempts = 0, dead_at = null, not_before = null,
    lease_token = s.lease_token + 1, lease_holder = null, lease_expires_at = null, due_at = public.calsync_now(),
    due_reason = p_reason
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
  if not found then
    raise exception 'calendar % does not exist', p_calendar_id using errcode = 'CS002';
  end if;
  perform public.make_due(p_user_id, p_calendar_id, p_reason);
  update public.calendar_sync_logs l set status = 'abandoned', finished_at = public.calsync_now(), error_code = 'reset'
  where l.user_id = p_user_id and l.calendar_id = p_calendar_id and l.status = 'running';
  return query select p_calendar_id;
end
$$;
comment on function public.reset_calendar is 'Drops the cursor, so that the next sync reads everything again';

-- Dead letters are replayed: syncs and writes are tried again at once, as if they had never failed.
create function public.replay_dead_letters(p_user_id uuid default null, p_calendar_id uuid default null)
returns table (calendar_id uuid) language sql set search_path = '' as $$
  with syncs as (
    update public.calendar_sync_states s set
      dead_at = null, attempts = 0, not_before = null, due_at = public.calsync_now(), due_reason = 'manual'
    where s.dead_at is not null and s.lease_holder is null
      and (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    returning s.calendar_id
  ), writes as (
    update public.provider_writes w set dead_at = null, attempts = 0, due_at = public.calsync_now()
    where w.dead_at is not null
      and (p_user_id is null or w.user_id = p_user_id) and (p_calendar_id is null or w.calendar_id = p_calendar_id)
    returning w.calendar_id
  ), woken as (
    select pg_notify('calsync_due', '')
  )
  select r.calendar_id from (select s.calendar_id from syncs s union select w.calendar_id from writes w) r cross join woken
$$;
comment on function public.replay_dead_letters is 'Makes dead syncs and writes due again, with a clean record';

revoke execute on function public.request_polls from public, anon, authenticated;
grant execute on function public.request_polls to service_role;
revoke execute on function public.count_pending_polls from public, anon, authenticated;
grant execute on function public.count_pending_polls to service_role;
revoke execute on function public.skip_poll from public, anon, authenticated;
grant execute on function public.skip_poll to service_role;
revoke execute on function public.reset_calendar from public, anon, authenticated;
grant execute on function public.reset_calendar to service_role;
revoke execute on function public.replay_dead_letters from public, anon, authenticated;
grant execute on function public.replay_dead_letters to service_role;
