-- Internal: makes the busy blocks from and in a calendar what the rules ask for. Blocks whose event is at its provider
-- are put into the outbox; those that are to be created are, by queue_unsettled_blocks, unless they are found there.
create function public.change_blocks(p_user_id uuid, p_calendar_id uuid, p_changed_at timestamptz)
returns table (created integer, updated integer, deleted integer) language plpgsql set search_path = '' as $$
declare
  v_unwanted uuid[];
  v_writes jsonb;
begin
  -- By default accounts block each other (busy_block_pairs): one alone, without a rule, has nothing to compare.
  if not exists (select from public.calendar_accounts a where a.user_id = p_user_id offset 1)
     and not exists (select from public.busy_block_rules r where r.user_id = p_user_id)
     and not exists (select from public.busy_blocks b where b.user_id = p_user_id) then
    return query select 0, 0, 0;
    return;
  end if;
  with change as materialized (
    select * from public.diff_blocks(p_user_id, p_calendar_id)
  ), made as (
    insert into public.busy_blocks (user_id, source_calendar_id, target_calendar_id, source_event_key, occurrence_key, tag,
      title, start_at, end_at, start_date, end_date, changed_at)
    select p_user_id, c.source_calendar_id, c.target_calendar_id, c.source_event_key, c.occurrence_key,
      public.new_block_tag(c.source_calendar_id, c.source_event_key, c.target_calendar_id),
      c.title, c.start_at, c.end_at, c.start_date, c.end_date, p_changed_at
    from change c where c.change = 'create'
  ), changed as (
    update public.busy_blocks b set
      occurrence_key = c.occurrence_key, title = c.title, start_at = c.start_at, end_at = c.end_at,
      start_date = c.start_date, end_date = c.end_date, is_wanted = true, updated_at = public.calsync_now(),
      reverted = case c.change when 'rename' then b.reverted else 0 end,
      changed_at = case c.change when 'rename' then b.changed_at else p_changed_at end
    from change c
    where b.user_id = p_user_id and b.id = c.id and c.change in ('update', 'revive', 'rename')
    returning b.id, b.target_calendar_id, b.provider_event_id, c.change
  )
  select array(select c.id from change c where c.change = 'delete'),
    (select count(*) from change c where c.change = 'create'),
    (select count(*) from changed c where c.change <> 'rename'),
    (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'calendar_id', c.target_calendar_id, 'action',
       case when c.provider_event_id is null then 'create' else 'update' end)), '[]')
     from changed c where c.change <> 'rename')
  into v_unwanted, created, updated, v_writes;
  if updated > 0 then
    perform public.queue_writes(p_user_id, 'busy_block', v_writes);
  end if;
  deleted := public.remove_blocks(p_user_id, v_unwanted, p_changed_at);
  return next;
end
$$;
comment on function public.change_blocks is 'Applies what diff_blocks finds';

-- Internal: these busy blocks are not asked for any more: their events are to be deleted. A block that no worker has
-- ever taken to its provider just goes. So does one in a calendar that nobody can write any more.
create function public.remove_blocks(p_user_id uuid, p_ids uuid[], p_changed_at timestamptz)
returns integer language plpgsql set search_path = '' as $$
declare
  v_gone uuid[];
  v_writes jsonb;
begin
  if cardinality(p_ids) = 0 then
    return 0;
  end if;
  update public.busy_blocks b set is_wanted = false, changed_at = p_changed_at, updated_at = public.calsync_now()
  where b.user_id = p_user_id and b.id = any (p_ids) and b.is_wanted;

  with idle as (
    delete from public.provider_writes w using public.busy_blocks b
    where w.user_id = p_user_id and w.id = any (p_ids) and b.user_id = w.user_id and b.id = w.id
      and ((b.provider_event_id is null and w.claimed_seq = 0)
           or public.is_out_of_reach(b.user_id, b.target_calendar_id))
    returning w.id
  )
  select array(select i.id from idle i) into v_gone;
  delete from public.busy_blocks b
  where b.user_id = p_user_id and b.id = any (p_ids)
    and (b.id = any (v_gone) or (not exists (
           select 1 from public.provider_writes w where w.user_id = p_user_id and w.id = b.id)
         and (b.provider_event_id is null or public.is_out_of_reach(b.user_id, b.target_calendar_id))));

  select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'calendar_id', b.target_calendar_id, 'action', 'delete')), '[]')
  into v_writes from public.busy_blocks b where b.user_id = p_user_id and b.id = any (p_ids);
  perform public.queue_writes(p_user_id, 'busy_block', v_writes);
  return cardinality(p_ids);
end
$$;
comment on function public.remove_blocks is 'Has the events of busy blocks deleted';

-- Internal: whether nobody can write a calendar any more: it is gone, or its account is, or access to it was lost before
-- the account was to be disconnected.
create function public.is_out_of_reach(p_user_id uuid, p_calendar_id uuid)
returns boolean language sql stable set search_path = '' as $$
  select c.removed_at is not null or a.status = 'disconnected'
    or (a.status = 'disconnecting' and a.status_reason = 'access_lost')
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = p_user_id and c.id = p_calendar_id
$$;
comment on function public.is_out_of_reach is 'Whether a calendar can be written no more';

-- Internal: busy blocks of a person that are not yet, or no longer, at their provider and not in the outbox go there.
-- Not those whose event was deleted there again and again: somebody does not want it.
create function public.queue_unsettled_blocks(p_user_id uuid)
returns integer language sql set search_path = '' as $$
  select public.queue_writes(p_user_id, 'busy_block', coalesce(jsonb_agg(jsonb_build_object('id', b.id,
    'calendar_id', b.target_calendar_id, 'action', case when b.is_wanted then 'create' else 'delete' end)), '[]'))
  from public.busy_blocks b
  where b.user_id = p_user_id and (b.provider_event_id is null or not b.is_wanted)
    and (b.reverted <= 5 or not b.is_wanted)
    and not exists (select 1 from public.provider_writes w where w.user_id = p_user_id and w.id = b.id)
$$;
comment on function public.queue_unsettled_blocks is 'Puts busy blocks that are not at their provider into the outbox';

revoke execute on function public.change_blocks from public, anon, authenticated;
grant execute on function public.change_blocks to service_role;
revoke execute on function public.remove_blocks from public, anon, authenticated;
grant execute on function public.remove_blocks to service_role;
revoke execute on function public.is_out_of_reach from public, anon, authenticated;
grant execute on function public.is_out_of_reach to service_role;
revoke execute on function public.queue_unsettled_blocks from public, anon, authenticated;
grant execute on function public.queue_unsettled_blocks to service_role;
