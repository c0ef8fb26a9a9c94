-- Internal: makes the occurrences of the given events what p_wanted says, touching only rows that differ.
-- p_wanted: [{"event_id", "key", "start_at", "end_at", "start_date", "end_date"}]. An exception stands for
-- its instance, so its series has no row under that key. Answers the events of which a row was touched.
create function public.replace_occurrences(p_user_id uuid, p_calendar_id uuid, p_event_ids uuid[], p_wanted jsonb)
returns setof uuid language sql set search_path = '' as $$
  with wanted as materialized (
    select w.event_id, w.key, w.start_at, w.end_at, w.start_date, w.end_date
    from jsonb_to_recordset(p_wanted) as w (event_id uuid, key text, start_at timestamptz, end_at timestamptz,
                                            start_date date, end_date date)
    -- Looked up one by one: the planner takes a person whom the statistics do not know for one row.
    cross join lateral (
      select c.kind, c.provider_event_id from public.calendar_events c
      where c.user_id = p_user_id and c.id = w.event_id limit 1) e
    where e.kind <> 'series' or not exists (
      select 1 from public.calendar_events x
      where x.user_id = p_user_id and x.calendar_id = p_calendar_id and x.kind = 'exception'
        and x.series_event_id = e.provider_event_id and x.occurrence_key = w.key)
  ), gone as (
    delete from public.event_occurrences o
    where o.user_id = p_user_id and o.event_id = any (p_event_ids)
      and (o.event_id, o.occurrence_key) not in (select w.event_id, w.key from wanted w)
    returning o.event_id
  ), written as (
    insert into public.event_occurrences as o
      (user_id, calendar_id, event_id, occurrence_key, start_at, end_at, start_date, end_date)
    select p_user_id, p_calendar_id, w.event_id, w.key, w.start_at, w.end_at, w.start_date, w.end_date
    from wanted w
    on conflict (user_id, event_id, occurrence_key) do update set
      start_at = excluded.start_at, end_at = excluded.end_at,
      start_date = excluded.start_date, end_date = excluded.end_date
    where (o.start_at, o.end_at, o.start_date, o.end_date)
      is distinct from (excluded.start_at, excluded.end_at, excluded.start_date, excluded.end_date)
    returning o.event_id
  )
  select event_id from gone union select event_id from written
$$;
comment on function public.replace_occurrences is 'Sets the occurrences of events; rows that are right stay untouched';

-- Internal: the occurrences of changed events, taken from the page they came with. Answers as replace_occurrences.
create function public.mirror_occurrences(p_user_id uuid, p_calendar_id uuid, p_events jsonb, p_changed uuid[])
returns setof uuid language sql set search_path = '' as $$
  -- Instances that an exception of this page replaces leave their series.
  delete from public.event_occurrences where ctid = any (array(
    select o.ctid from unnest(p_changed) as changed (id)
    cross join lateral (
      select e.series_event_id, e.occurrence_key from public.calendar_events e
      where e.user_id = p_user_id and e.id = changed.id and e.kind = 'exception' limit 1) x
    cross join lateral (
      select e.id from public.calendar_events e
      where e.user_id = p_user_id and e.calendar_id = p_calendar_id
        and e.provider_event_id = x.series_event_id limit 1) m
    cross join lateral (
      select r.ctid from public.event_occurrences r
      where r.user_id = p_user_id and r.event_id = m.id and r.occurrence_key = x.occurrence_key limit 1) o));

  select * from public.replace_occurrences(p_user_id, p_calendar_id, p_changed, (
    select coalesce(jsonb_agg(w.item || jsonb_build_object('event_id', w.id)), '[]')
    from (
      select distinct on (e.id, o.item ->> 'key') e.id, o.item
      from jsonb_array_elements(p_events) with ordinality as p (event, position)
      cross join lateral (
        select c.id, c.content_hash from public.calendar_events c
        where c.user_id = p_user_id and c.calendar_id = p_calendar_id
          and c.provider_event_id = p.event ->> 'provider_event_id' limit 1) e
      cross join jsonb_array_elements(p.event -> 'occurrences') as o (item)
      where e.id = any (p_changed) and e.content_hash = p.event ->> 'content_hash'
      order by e.id, o.item ->> 'key', p.position desc
    ) w))
$$;
comment on function public.mirror_occurrences is 'Applies the occurrences that came with changed events';

revoke execute on function public.replace_occurrences from public, anon, authenticated;
grant execute on function public.replace_occurrences to service_role;
revoke execute on function public.mirror_occurrences from public, anon, authenticated;
grant execute on function public.mirror_occurrences to service_role;
