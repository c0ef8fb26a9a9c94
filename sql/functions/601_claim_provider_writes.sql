-- Takes due writes under a lease, for up to p_limit calendars and p_batch writes of each: the longest due calendars
-- first, at most p_per_account calendars of an account at a time and no more writes than its calls of the minute
-- allow, so that a large change in one account holds up nobody else. Nothing is created in a calendar that was not
-- read since the database was restarted or restored: it may hold the event already.
create function public.claim_provider_writes(p_worker text, p_limit integer, p_batch integer,
  p_lease_seconds double precision, p_per_account integer default 2, p_calls_per_minute integer default 500,
  p_user_id uuid default null)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text, sealed text,
  id uuid, subject text, lease_token bigint, attempts integer, tag text, draft jsonb, provider_event_id text, etag text)
language plpgsql set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_epoch constant text := public.calsync_epoch();
begin
  -- As in claim_due_calendars: mostly there is nothing.
  if not exists (select from public.provider_writes w where w.dead_at is null) then
    return;
  end if;
  return query
  with waiting as materialized (
    select d.user_id, d.calendar_id, d.since, c.account_id, a.budget_minute, a.budget_used,
      s.read_epoch is not distinct from v_epoch as is_current
    from public.calendars_with_writes(v_now) d
    join public.calendars c on c.user_id = d.user_id and c.id = d.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    join public.calendar_sync_states s on s.user_id = d.user_id and s.calendar_id = d.calendar_id
    where (p_user_id is null or d.user_id = p_user_id) and a.status in ('active', 'disconnecting')
      and (a.blocked_until is null or a.blocked_until <= v_now)
  ), busy as materialized (
    select c.user_id, c.account_id, count(distinct c.id) as calendars, count(*) as writes
    from public.provider_writes w
    join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
    where w.lease_holder is not null and w.lease_expires_at > v_now
    group by c.user_id, c.account_id
  ), fair as materialized (
    select d.*, row_number() over (partition by d.user_id, d.account_id order by d.since, d.calendar_id)
        + coalesce(b.calendars, 0) as place,
      p_calls_per_minute - coalesce(b.writes, 0)
        - case when d.budget_minute = date_trunc('minute', v_now) then d.budget_used else 0 end as budget
    from waiting d
    left join busy b on b.user_id = d.user_id and b.account_id = d.account_id
  ), chosen as materialized (
    select f.*, greatest(0, least(p_batch, f.budget / p_per_account)) as most
    from fair f where f.place <= p_per_account and f.budget >= p_per_account
    order by f.place, f.since limit p_limit
  ), taken as materialized (
    select t.* from chosen f
    cross join lateral (
      select w.user_id, w.id from public.provider_writes w
      where w.user_id = f.user_id and w.calendar_id = f.calendar_id and w.due_at <= v_now and w.dead_at is null
        and (f.is_current or w.action <> 'create')
      order by w.due_at, w.id limit f.most
      for update skip locked) t
  ), claimed as (
    update public.provider_writes w set
      lease_token = w.lease_token + 1, lease_holder = p_worker,
      lease_expires_at = v_now + make_interval(secs => p_lease_seconds),
      due_at = v_now + make_interval(secs => p_lease_seconds),
      claimed_seq = w.change_seq, updated_at = v_now,
      -- A worker that dies with a lease counts as an attempt.
      attempts = w.attempts + (w.lease_holder is not null)::integer
    from taken t where w.user_id = t.user_id and w.id = t.id
    returning w.*
  )
  select w.user_id, w.calendar_id, c.account_id, a.provider, c.provider_calendar_id,
    public.sealed_credentials(w.user_id, c.account_id), w.id, w.subject, w.lease_token, w.attempts,
    d.tag, d.draft, d.provider_event_id, d.etag
  from claimed w
  join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  left join lateral (
    select * from public.block_draft(w.user_id, w.id, w.last_error_code = 'stale') where w.subject = 'busy_block'
    union all
    select * from public.appointment_draft(w.user_id, w.id) where w.subject = 'appointment') d on true
  order by w.user_id, w.calendar_id, w.created_at, w.id;
end
$$;
comment on function public.claim_provider_writes is 'Leases due writes, fairly between accounts, with all that their delivery needs';

-- Internal: the calendars that have something to write now, and since when. From one to the next over the index: an
-- account with a hundred thousand writes costs one step. Those beyond a thousand have their turn when these are done.
create function public.calendars_with_writes(p_now timestamptz)
returns table (user_id uuid, calendar_id uuid, since timestamptz) language sql stable set search_path = '' as $$
  with recursive step as (
    (select w.user_id, w.calendar_id, 1 as steps from public.provider_writes w
     where w.dead_at is null order by w.user_id, w.calendar_id limit 1)
    union all
    select n.user_id, n.calendar_id, s.steps + 1 from step s
    cross join lateral (
      select w.user_id, w.calendar_id from public.provider_writes w
      where w.dead_at is null and (w.user_id, w.calendar_id) > (s.user_id, s.calendar_id)
      order by w.user_id, w.calendar_id limit 1) n
    where s.steps < 1000
  )
  select s.user_id, s.calendar_id, d.due_at from step s
  cross join lateral (
    select w.due_at from public.provider_writes w
    where w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.dead_at is null and w.due_at <= p_now
    order by w.due_at limit 1) d
$$;
comment on function public.calendars_with_writes is 'Calendars with due writes, and since when they are due';

-- Internal: what a busy block is to be at its provider; no draft: it is to be deleted. After a refused If-Match the
-- etag that the mirror knows is the newer one.
create function public.block_draft(p_user_id uuid, p_id uuid, p_was_stale boolean)
returns table (tag text, draft jsonb, provider_event_id text, etag text) language sql stable set search_path = '' as $$
  select b.tag,
    case when b.is_wanted then jsonb_build_object('summary', b.title, 'start_at', b.start_at, 'end_at', b.end_at,
      'start_date', b.start_date, 'end_date', b.end_date, 'visibility', 'private',
      'description', format('CalSync [%s:%s:%s:%s]', a.provider, a.id, b.source_calendar_id, b.source_event_key)) end,
    b.provider_event_id,
    case when p_was_stale then coalesce((
      select e.etag from public.calendar_events e
      where e.user_id = b.user_id and e.calendar_id = b.target_calendar_id
        and e.provider_event_id = b.provider_event_id), b.etag) else b.etag end
  from public.busy_blocks b
  -- One that was found and that nothing asks for has no source.
  left join public.calendars c on c.user_id = b.user_id and c.id = b.source_calendar_id
  left join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where b.user_id = p_user_id and b.id = p_id
$$;
comment on function public.block_draft is 'A busy block as its provider should have it';

revoke execute on function public.claim_provider_writes from public, anon, authenticated;
grant execute on function public.claim_provider_writes to service_role;
revoke execute on function public.calendars_with_writes from public, anon, authenticated;
grant execute on function public.calendars_with_writes to service_role;
revoke execute on function public.block_draft from public, anon, authenticated;
grant execute on function public.block_draft to service_role;
