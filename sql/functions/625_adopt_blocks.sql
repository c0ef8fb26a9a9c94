-- Internal: busy blocks that were not written as far as their rows know, but that the mirror shows: the answer to a
-- create was lost, or the database was restored. First by tag, then among the blocks of the same series.
create function public.adopt_blocks(p_user_id uuid)
returns void language plpgsql set search_path = '' as $$
declare
  v_adopted uuid[];
begin
  if not exists (
    select 1 from public.busy_blocks b
    where b.user_id = p_user_id and b.provider_event_id is null and (b.provider_event_id is null or not b.is_wanted)) then
    return;
  end if;
  v_adopted := public.adopt_blocks_by_tag(p_user_id) || public.adopt_blocks_by_series(p_user_id);
  if cardinality(v_adopted) > 0 then
    perform public.compare_adopted_blocks(p_user_id, v_adopted);
  end if;
end
$$;
comment on function public.adopt_blocks is 'Recognises events of ours that the mirror shows';

-- Internal: events of this installation in the mirror that no busy block knows: p_prefix is that of their tags.
create function public.stray_events(p_user_id uuid, p_calendar_id uuid, p_prefix text)
returns table (provider_event_id text, etag text, own_tag text, title text, start_at timestamptz, end_at timestamptz,
  start_date date, end_date date, mirrored_at timestamptz)
language sql stable set search_path = '' as $$
  select e.provider_event_id, e.etag, e.own_tag, coalesce(e.summary, ''), e.start_at, e.end_at, e.start_date, e.end_date,
    e.updated_at
  from public.calendar_events e
  left join lateral (
    -- One index probe per event whatever the planner believes.
    select b.id from public.busy_blocks b
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.provider_event_id = e.provider_event_id
    limit 1) known on true
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.own_tag like 'calsync:b:%'
    -- As LIKE would, but for an index: ';' comes after ':'.
    and e.own_tag collate "C" >= p_prefix || ':' and e.own_tag collate "C" < p_prefix || ';'
    and e.status <> 'cancelled' and e.kind = 'single'
    -- In this order: nearly all are known, and the pattern costs more than the probe.
    and case when known.id is null then e.own_tag ~ '^calsync:b:[0-9a-f]{8}:[0-9a-f]{16}:[0-9a-f]{16}$' else false end
$$;
comment on function public.stray_events is 'Mirrored busy blocks of this installation that no row knows';

-- Internal: a create was answered to nobody, or is being answered right now.
create function public.adopt_blocks_by_tag(p_user_id uuid)
returns uuid[] language sql set search_path = '' as $$
  with found as (
    update public.busy_blocks b set provider_event_id = e.provider_event_id, etag = e.etag,
      written_at = public.calsync_now(), changed_at = null, updated_at = public.calsync_now()
    from (
      select k.id, s.provider_event_id, s.etag from public.busy_blocks k
      cross join lateral (
        select s.* from public.stray_events(p_user_id, k.target_calendar_id, left(k.tag, 35)) s
        where s.own_tag = k.tag order by s.provider_event_id limit 1) s
      where k.user_id = p_user_id and k.provider_event_id is null and (k.provider_event_id is null or not k.is_wanted)
    ) e
    where b.user_id = p_user_id and b.id = e.id
    returning b.id
  )
  select array(select f.id from found f)
$$;
comment on function public.adopt_blocks_by_tag is 'Adopts mirrored busy blocks that carry the tag of a row';

-- Internal: rows that were made anew after a restore take the events that earlier rows had written for the series:
-- first those at the same time, then in the order of time. A create that is being delivered goes on.
create function public.adopt_blocks_by_series(p_user_id uuid)
returns uuid[] language sql set search_path = '' as $$
  with lone as materialized (
    select b.id, b.target_calendar_id, left(b.tag, 35) as series, b.start_at, b.end_at, b.start_date, b.end_date
    from public.busy_blocks b
    where b.user_id = p_user_id and b.provider_event_id is null and b.is_wanted
      and not exists (
        select 1 from public.provider_writes w
        where w.user_id = p_user_id and w.id = b.id and w.lease_expires_at > public.calsync_now())
  ), both_sides as (
    select l.*, null as provider_event_id, null as etag, null as own_tag from lone l
    union all
    select null, k.target_calendar_id, k.series, s.start_at, s.end_at, s.start_date, s.end_date, s.provider_event_id,
      s.etag, s.own_tag
    from (select distinct l.target_calendar_id, l.series from lone l) k
    cross join lateral public.stray_events(p_user_id, k.target_calendar_id, k.series) s
    -- Another row has that very tag: it is about another event.
    where not exists (
      select 1 from public.busy_blocks b
      where b.user_id = p_user_id and b.target_calendar_id = k.target_calendar_id and b.tag = s.own_tag)
  ), ranked as materialized (
    select l.*, row_number() over (
      partition by l.target_calendar_id, l.series, l.id is null
      order by l.is_same desc, coalesce(l.start_at, l.start_date::timestamp at time zone 'UTC'), l.provider_event_id, l.id
    ) as place
    from (
      select s.*, bool_or(s.id is null) over same and bool_or(s.id is not null) over same as is_same from both_sides s
      window same as (partition by s.target_calendar_id, s.series, s.start_at, s.end_at, s.start_date, s.end_date)
    ) l
  ), found as (
    update public.busy_blocks b set tag = s.own_tag, provider_event_id = s.provider_event_id, etag = s.etag,
      written_at = public.calsync_now(), changed_at = null, updated_at = public.calsync_now()
    from ranked l
    join ranked s on s.target_calendar_id = l.target_calendar_id and s.series = l.series and s.place = l.place
    where l.id is not null and s.id is null and b.user_id = p_user_id and b.id = l.id
    returning b.id
  )
  select array(select f.id from found f)
$$;
comment on function public.adopt_blocks_by_series is 'Adopts mirrored busy blocks of the series of rows that have no event';

-- Internal: adopted busy blocks that are as they should be have nothing to write any more, others are to be updated.
create function public.compare_adopted_blocks(p_user_id uuid, p_ids uuid[])
returns void language plpgsql set search_path = '' as $$
declare
  v_writes jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'calendar_id', b.target_calendar_id, 'action', 'update')), '[]')
  into v_writes from public.busy_blocks b
  where b.user_id = p_user_id and b.id = any (p_ids) and b.is_wanted
    and not public.shows_block(b);
  perform public.queue_writes(p_user_id, 'busy_block', v_writes);
  delete from public.provider_writes w using public.busy_blocks b
  where w.user_id = p_user_id and w.id = any (p_ids)
    and coalesce(w.lease_expires_at <= public.calsync_now(), true)
    and b.user_id = w.user_id and b.id = w.id and b.is_wanted
    and public.shows_block(b);
end
$$;
comment on function public.compare_adopted_blocks is 'Updates adopted busy blocks that differ; ends the writes of those that do not';

-- Internal: whether the mirror shows a busy block as it should be.
create function public.shows_block(p_block public.busy_blocks)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select 1 from public.calendar_events e
    where e.user_id = p_block.user_id and e.calendar_id = p_block.target_calendar_id
      and e.provider_event_id = p_block.provider_event_id
      and (e.summary, e.start_at, e.end_at, e.start_date, e.end_date) is not distinct from
        (p_block.title, p_block.start_at, p_block.end_at, p_block.start_date, p_block.end_date))
$$;
comment on function public.shows_block is 'Whether the mirror has a busy block with its title and times';

revoke execute on function public.adopt_blocks from public, anon, authenticated;
grant execute on function public.adopt_blocks to service_role;
revoke execute on function public.stray_events from public, anon, authenticated;
grant execute on function public.stray_events to service_role;
revoke execute on function public.adopt_blocks_by_tag from public, anon, authenticated;
grant execute on function public.adopt_blocks_by_tag to service_role;
revoke execute on function public.adopt_blocks_by_series from public, anon, authenticated;
grant execute on function public.adopt_blocks_by_series to service_role;
revoke execute on function public.compare_adopted_blocks from public, anon, authenticated;
grant execute on function public.compare_adopted_blocks to service_role;
revoke execute on function public.shows_block from public, anon, authenticated;
grant execute on function public.shows_block to service_role;
