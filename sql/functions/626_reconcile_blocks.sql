-- Internal: events of this installation in a calendar that nothing asks for get a row that has them deleted. Not while
-- a calendar that may ask for one was not read since the database was restarted or restored, and not one that this
-- sync brought: it may have been deleted since it was read. Answers whether some are left for later.
create function public.remove_strays(p_user_id uuid, p_calendar_id uuid, p_claimed_at timestamptz)
returns boolean language plpgsql set search_path = '' as $$
declare
  v_strays integer;
  v_taken integer;
begin
  if not exists (
    select 1 from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.own_tag like 'calsync:b:%')
    or public.is_out_of_reach(p_user_id, p_calendar_id) then
    return false;
  end if;
  with stray as materialized (
    select * from public.stray_events(p_user_id, p_calendar_id, 'calsync:b:' || public.calsync_installation())
  ), taken as (
    insert into public.busy_blocks (user_id, source_event_key, occurrence_key, target_calendar_id, tag, title, start_at,
      end_at, start_date, end_date, is_wanted, provider_event_id, etag, written_at)
    select p_user_id, split_part(s.own_tag, ':', 4), s.provider_event_id, p_calendar_id,
      -- Its own tag, unless a row has it: somebody copied the event.
      case when row_number() over (partition by s.own_tag order by s.provider_event_id) > 1 or exists (
          select 1 from public.busy_blocks b
          where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.tag = s.own_tag)
        then left(s.own_tag, 36) || left(md5(gen_random_uuid()::text), 16) else s.own_tag end,
      s.title, s.start_at, s.end_at, s.start_date, s.end_date, false, s.provider_event_id, s.etag, public.calsync_now()
    from stray s
    where (p_claimed_at is null or s.mirrored_at < p_claimed_at) and not exists (
      select 1 from public.busy_block_pairs p
      join public.calendars c on c.user_id = p_user_id and c.id = p.source_calendar_id
      join public.calendar_accounts a on a.user_id = p_user_id and a.id = c.account_id
      join public.calendar_sync_states u on u.user_id = p_user_id and u.calendar_id = p.source_calendar_id
      where p.user_id = p_user_id and p.target_calendar_id = p_calendar_id and p.is_enabled and a.status = 'active'
        and u.read_epoch is distinct from public.calsync_epoch() and u.dead_at is null)
    returning 1
  )
  select (select count(*) from stray), (select count(*) from taken) into v_strays, v_taken;
  return v_strays > v_taken;
end
$$;
comment on function public.remove_strays is 'Has events of this installation deleted that nothing asks for';

-- Internal: events in a calendar are gone at the provider. Busy blocks among them need a new event; one that nothing
-- asks for is left to its delete, which finds nothing. Counted with the changes that are undone: two systems must not
-- chase each other for ever.
create function public.forget_vanished_blocks(p_user_id uuid, p_calendar_id uuid, p_provider_event_ids text[])
returns void language plpgsql set search_path = '' as $$
declare
  v_writes jsonb;
begin
  if not exists (
    select 1 from public.busy_blocks b
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted
      and b.provider_event_id = any (p_provider_event_ids)) then
    return;
  end if;
  perform public.lock_person(p_user_id);
  with gone as (
    update public.busy_blocks b set
      tag = left(b.tag, 36) || left(md5(gen_random_uuid()::text), 16), provider_event_id = null, etag = null,
      written_at = null, changed_at = public.calsync_now(), reverted = b.reverted + 1, updated_at = public.calsync_now()
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted
      and b.provider_event_id = any (p_provider_event_ids)
    returning b.id
  )
  -- Where a write is on its way, its answer must not be the last word; the others follow when the calendar is read.
  select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'calendar_id', w.calendar_id, 'action', 'create')), '[]')
  into v_writes from gone g
  join public.provider_writes w on w.user_id = p_user_id and w.id = g.id;
  perform public.queue_writes(p_user_id, 'busy_block', v_writes);
end
$$;
comment on function public.forget_vanished_blocks is 'Busy blocks whose events are gone at the provider are to be created anew';

-- Internal: what a sync of a calendar shows of the busy blocks in it. One that somebody changed is set right, five times
-- at most; whoever changes only what is theirs to change (a colour) leaves nothing but a new etag. One that was
-- written a day ago and never came back is gone. p_claimed_at: what was written since may not have been read yet.
create function public.compare_blocks(p_user_id uuid, p_calendar_id uuid, p_claimed_at timestamptz)
returns integer language plpgsql set search_path = '' set enable_nestloop = off set jit = off as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_lost text[];
  v_writes jsonb;
begin
  with shown as materialized (
    select b.id, b.provider_event_id, b.written_at, b.reverted, e.etag, e.provider_event_id is null as is_missing,
      (e.summary, e.start_at, e.end_at, e.start_date, e.end_date) is distinct from
        (b.title, b.start_at, b.end_at, b.start_date, b.end_date) as differs
    from public.busy_blocks b
    left join (
      select e.* from public.calendar_events e
      where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.own_tag like 'calsync:b:%'
    ) e on e.provider_event_id = b.provider_event_id
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted
      and b.ends_at > v_now and b.written_at < p_claimed_at
      and (e.provider_event_id is null or e.etag <> b.etag)
  ), quiet as materialized (
    select s.*, w.id is not null as is_open, s.differs and w.id is null and s.reverted < 5 as is_to_revert from shown s
    left join public.provider_writes w on w.user_id = p_user_id and w.id = s.id
    where coalesce(w.lease_expires_at <= v_now, true)
  ), seen as (
    update public.busy_blocks b set etag = q.etag, updated_at = v_now,
      reverted = b.reverted + q.is_to_revert::integer,
      changed_at = case when q.is_to_revert then v_now else b.changed_at end
    from quiet q
    where not q.is_missing and b.user_id = p_user_id and b.id = q.id
    returning b.id, b.target_calendar_id, q.is_to_revert
  )
  select (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'calendar_id', s.target_calendar_id, 'action', 'update')),
      '[]') from seen s where s.is_to_revert),
    array(
      -- Without a tag that tells it for ours, or refused, it is still there.
      select q.provider_event_id from quiet q
      where q.is_missing and not q.is_open and q.written_at < v_now - interval '1 day'
        and not exists (select 1 from public.mirrored_etags m
                        where m.user_id = p_user_id and m.calendar_id = p_calendar_id
                          and m.provider_event_id = q.provider_event_id))
  into v_writes, v_lost;
  perform public.forget_vanished_blocks(p_user_id, p_calendar_id, v_lost);
  return public.queue_writes(p_user_id, 'busy_block', v_writes);
end
$$;
comment on function public.compare_blocks is 'Sets right what somebody changed in busy blocks, as a sync found them';

revoke execute on function public.remove_strays from public, anon, authenticated;
grant execute on function public.remove_strays to service_role;
revoke execute on function public.forget_vanished_blocks from public, anon, authenticated;
grant execute on function public.forget_vanished_blocks to service_role;
revoke execute on function public.compare_blocks from public, anon, authenticated;
grant execute on function public.compare_blocks to service_role;
