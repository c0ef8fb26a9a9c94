-- Plans the busy blocks from and in a calendar: what the rules ask for against what is there, and against what the
-- mirror shows of it. Where nothing changed, nothing is written. p_changed_at: when that was made, or noticed, which
-- calls for it; null where only time passed. p_claimed_at: since when the sync runs that just ended; null without one.
create function public.plan_busy_blocks(p_user_id uuid, p_calendar_id uuid, p_changed_at timestamptz default null,
                                        p_claimed_at timestamptz default null)
returns table (created integer, updated integer, deleted integer) language plpgsql set search_path = '' as $$
declare
  v_left boolean;
begin
  perform from public.calendar_sync_states s
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id for update;
  perform public.lock_person(p_user_id);
  select c.created, c.updated, c.deleted into created, updated, deleted
  from public.change_blocks(p_user_id, p_calendar_id, p_changed_at) c;
  perform public.adopt_blocks(p_user_id);
  v_left := public.remove_strays(p_user_id, p_calendar_id, p_claimed_at);
  if p_claimed_at is not null then
    updated := updated + public.compare_blocks(p_user_id, p_calendar_id, p_claimed_at);
  end if;
  perform public.queue_unsettled_blocks(p_user_id);
  update public.calendar_sync_states s set blocks_planned_at = public.calsync_now(),
    -- What this sync brought is settled at once, what waits for other calendars later.
    blocks_due_at = case when v_left then public.calsync_now()
      + case when p_claimed_at is null then interval '10 seconds' else interval '0' end end
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
  return next;
end
$$;
comment on function public.plan_busy_blocks is 'Makes busy blocks from and in a calendar what the rules ask for, through the outbox';

-- Internal: the last page of a sync calls for a plan, which is counted in its log.
create function public.log_planned_blocks(p_state public.calendar_sync_states, p_changed_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_done record;
begin
  select * into v_done
  from public.plan_busy_blocks(p_state.user_id, p_state.calendar_id, p_changed_at, p_state.claimed_at);
  if v_done.created + v_done.updated + v_done.deleted > 0 then
    update public.calendar_sync_logs l set busy_blocks_created = l.busy_blocks_created + v_done.created,
      busy_blocks_updated = l.busy_blocks_updated + v_done.updated,
      busy_blocks_deleted = l.busy_blocks_deleted + v_done.deleted
    where l.user_id = p_state.user_id and l.created_at = p_state.claimed_at and l.id = p_state.log_id;
  end if;
end
$$;
comment on function public.log_planned_blocks is 'Plans busy blocks at the end of a sync and counts them in its log';

-- Plans calendars whose blocks are due: a rule or a calendar changed, a window slid; and all of them twice a day, since
-- time passes. Persons in the order of their locks, so that two who do this wait for each other and not in a circle.
create function public.plan_due_busy_blocks(p_limit integer)
returns table (planned integer, created integer, updated integer, deleted integer) language plpgsql set search_path = '' as $$
declare
  v_state record;
  v_done record;
begin
  planned := 0; created := 0; updated := 0; deleted := 0;
  for v_state in
    with changed as materialized (
      select s.user_id, s.calendar_id, s.blocks_due_at from public.calendar_sync_states s
      where s.blocks_due_at <= public.calsync_now() order by s.blocks_due_at limit p_limit for update skip locked
    ), old as materialized (
      select s.user_id, s.calendar_id from public.calendar_sync_states s
      where s.blocks_planned_at < public.calsync_now() - interval '12 hours' order by s.blocks_planned_at limit p_limit
      for update skip locked
    )
    select user_id, calendar_id, c.blocks_due_at from changed c full join old o using (user_id, calendar_id)
    order by hashtextextended(user_id::text, 0)
  loop
    select * into v_done from public.plan_busy_blocks(v_state.user_id, v_state.calendar_id, v_state.blocks_due_at);
    planned := planned + 1;
    created := created + v_done.created;
    updated := updated + v_done.updated;
    deleted := deleted + v_done.deleted;
  end loop;
  return next;
end
$$;
comment on function public.plan_due_busy_blocks is 'Plans the busy blocks of calendars that are due for it';

revoke execute on function public.plan_busy_blocks from public, anon, authenticated;
grant execute on function public.plan_busy_blocks to service_role;
revoke execute on function public.log_planned_blocks from public, anon, authenticated;
grant execute on function public.log_planned_blocks to service_role;
revoke execute on function public.plan_due_busy_blocks from public, anon, authenticated;
grant execute on function public.plan_due_busy_blocks to service_role;
