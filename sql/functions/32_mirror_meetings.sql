-- Internal: which of the changed events are meetings, and where they are joined.
create function public.mirror_meetings(p_user_id uuid, p_calendar_id uuid, p_events jsonb, p_changed uuid[])
returns table (created integer, updated integer) language sql set search_path = '' as $$
  -- Each item is looked up by itself and no two sets are joined, whatever the planner believes: a person
  -- whom the statistics do not know yet has one row to it.
  with wanted as materialized (
    select distinct on (e.id) e.id, p.event -> 'meeting' as meeting
    from jsonb_array_elements(p_events) with ordinality as p (event, position)
    cross join lateral (
      select c.id from public.calendar_events c
      where c.user_id = p_user_id and c.calendar_id = p_calendar_id
        and c.provider_event_id = p.event ->> 'provider_event_id'
      limit 1) e
    where e.id = any (p_changed)
    order by e.id, p.position desc
  ), gone as (
    delete from public.meetings m
    where m.user_id = p_user_id and m.event_id = any (array(
      select w.id from wanted w where jsonb_typeof(w.meeting) is distinct from 'object'))
  ), before as (
    select count(*) as meetings from wanted w
    cross join lateral (select from public.meetings m where m.user_id = p_user_id and m.event_id = w.id limit 1) m
    where jsonb_typeof(w.meeting) = 'object'
  ), written as (
    insert into public.meetings as m (user_id, event_id, calendar_id, url, platform, attendee_count)
    select p_user_id, w.id, p_calendar_id, w.meeting ->> 'url', w.meeting ->> 'platform',
           (w.meeting ->> 'attendee_count')::integer
    from wanted w where jsonb_typeof(w.meeting) = 'object'
    on conflict (user_id, event_id) do update set
      url = excluded.url, platform = excluded.platform, attendee_count = excluded.attendee_count,
      updated_at = public.calsync_now()
    returning m.event_id
  )
  select ((select count(*) from written) - b.meetings)::integer, b.meetings::integer
  from before b
$$;
comment on function public.mirror_meetings is 'Keeps meetings in step with changed events; counts created and updated';

revoke execute on function public.mirror_meetings from public, anon, authenticated;
grant execute on function public.mirror_meetings to service_role;
