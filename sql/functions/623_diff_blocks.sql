-- Internal: what is to change so that the busy blocks from and in a calendar are those that the rules ask for:
-- create; update; revive (one that was to be deleted, or has ended, is asked for again); rename (the occurrence has
-- another key and is else as it was); delete. Blocks keep their occurrence; those that have none left are paired with
-- the occurrences of the same series that have no block, first where nothing but the key differs, then in the order of
-- time: a series that moves is updated only. Blocks that have ended stay as they are, unless their pair blocks no more.
-- Nothing is concluded from a series that waits to be expanded anew.
create function public.diff_blocks(p_user_id uuid, p_calendar_id uuid)
returns table (change text, id uuid, source_calendar_id uuid, target_calendar_id uuid, source_event_key text,
  occurrence_key text, title text, start_at timestamptz, end_at timestamptz, start_date date, end_date date)
language plpgsql stable set search_path = '' set enable_nestloop = off set jit = off as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  return query
  with present as materialized (
    select b.* from public.busy_blocks b
    where b.user_id = p_user_id and b.source_calendar_id = p_calendar_id and b.is_wanted and b.ends_at > v_now
    union all
    select b.* from public.busy_blocks b
    where b.user_id = p_user_id and b.target_calendar_id = p_calendar_id and b.is_wanted and b.ends_at > v_now
  ), both_sides as materialized (
    select b.id, b.title as old_title, b.start_at as old_start_at, b.end_at as old_end_at, b.start_date as old_start_date,
      b.end_date as old_end_date, w.title is not null as is_asked_for, w.title, w.start_at, w.end_at, w.start_date, w.end_date,
      source_calendar_id, target_calendar_id, source_event_key, occurrence_key
    from public.wanted_blocks(p_user_id, p_calendar_id) w
    full join present b using (source_calendar_id, target_calendar_id, source_event_key, occurrence_key)
  ), without_block as materialized (
    select w.*, d.id as former_id from both_sides w
    left join lateral (
      select b.id from public.busy_blocks b
      where b.user_id = p_user_id and b.source_calendar_id = w.source_calendar_id
        and b.source_event_key = w.source_event_key and b.target_calendar_id = w.target_calendar_id
        and b.occurrence_key = w.occurrence_key
      order by b.is_wanted desc, b.provider_event_id is not null desc, b.id limit 1) d on true
    where w.id is null
  ), without_occurrence as materialized (
    select b.* from both_sides b
    where not b.is_asked_for and not exists (
      select 1 from public.calendar_events e
      where e.user_id = p_user_id and e.expanded_to = '-infinity' and e.calendar_id = b.source_calendar_id
        and e.provider_event_id = b.source_event_key)
  ), loose as (
    select null::uuid as id, w.source_calendar_id, w.target_calendar_id, w.source_event_key, w.occurrence_key, w.title,
      w.start_at, w.end_at, w.start_date, w.end_date
    from without_block w where w.former_id is null
    union all
    select b.id, b.source_calendar_id, b.target_calendar_id, b.source_event_key, b.occurrence_key, b.old_title,
      b.old_start_at, b.old_end_at, b.old_start_date, b.old_end_date
    from without_occurrence b
  ), ranked as materialized (
    select l.*, row_number() over (
      partition by l.source_calendar_id, l.target_calendar_id, l.source_event_key, l.id is null
      order by l.is_same desc, coalesce(l.start_at, l.start_date::timestamp at time zone 'UTC'), l.occurrence_key) as place
    from (
      select l.*, bool_or(l.id is null) over same and bool_or(l.id is not null) over same as is_same from loose l
      window same as (partition by l.source_calendar_id, l.target_calendar_id, l.source_event_key,
                      l.start_at, l.end_at, l.start_date, l.end_date)
    ) l
  ), paired as (
    select b.id, b.title as old_title, b.start_at as old_start_at, b.end_at as old_end_at, b.start_date as old_start_date,
      b.end_date as old_end_date, w.place is not null as is_asked_for, w.occurrence_key, w.title, w.start_at, w.end_at,
      w.start_date, w.end_date, source_calendar_id, target_calendar_id, source_event_key
    from (select * from ranked r where r.id is null) w
    full join (select * from ranked r where r.id is not null) b
      using (source_calendar_id, target_calendar_id, source_event_key, place)
  )
  select 'update', b.id, b.source_calendar_id, b.target_calendar_id, b.source_event_key, b.occurrence_key, b.title,
    b.start_at, b.end_at, b.start_date, b.end_date
  from both_sides b
  where b.is_asked_for and b.id is not null and (b.title, b.start_at, b.end_at, b.start_date, b.end_date) is distinct from
    (b.old_title, b.old_start_at, b.old_end_at, b.old_start_date, b.old_end_date)
  union all
  select 'revive', w.former_id, w.source_calendar_id, w.target_calendar_id, w.source_event_key, w.occurrence_key, w.title,
    w.start_at, w.end_at, w.start_date, w.end_date
  from without_block w where w.former_id is not null
  union all
  select case
      when p.id is null then 'create'
      when not p.is_asked_for then 'delete'
      when (p.title, p.start_at, p.end_at, p.start_date, p.end_date) is distinct from
        (p.old_title, p.old_start_at, p.old_end_at, p.old_start_date, p.old_end_date) then 'update'
      else 'rename' end,
    p.id, p.source_calendar_id, p.target_calendar_id, p.source_event_key, p.occurrence_key, p.title,
    p.start_at, p.end_at, p.start_date, p.end_date
  from paired p
  union all
  select 'delete', b.id, b.source_calendar_id, b.target_calendar_id, b.source_event_key, b.occurrence_key, b.title,
    b.start_at, b.end_at, b.start_date, b.end_date
  from public.busy_block_pairs p
  cross join lateral (
    select b.* from public.busy_blocks b
    where b.user_id = p_user_id and b.source_calendar_id = p.source_calendar_id
      and b.target_calendar_id = p.target_calendar_id and b.is_wanted and b.ends_at <= v_now
    -- Looked up pair by pair: what has ended is much.
    offset 0) b
  where p.user_id = p_user_id and not p.is_enabled
    and (p.source_calendar_id = p_calendar_id or p.target_calendar_id = p_calendar_id);
end
$$;
comment on function public.diff_blocks is 'The changes that make busy blocks what the rules ask for';

revoke execute on function public.diff_blocks from public, anon, authenticated;
grant execute on function public.diff_blocks to service_role;
