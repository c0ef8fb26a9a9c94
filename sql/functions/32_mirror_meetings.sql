-- Internal: which of the changed events are meetings, and where they are joined.
create function public.mirror_meetings(p_user_id uuid, p_calendar_id uuid, p_events jsonb, p_changed uuid[])
returns table (created integer, updated integer) language sql set search_path = '' as $$
  with wanted as materialized (
    select distinct on (e.id) e.id, p.event -> 'meeting' as meeting
    from jsonb_array_elements(p_events) with ordinality as p (event, position)
    join public.calendar_events e on e.user_id = p_user_id and e.calendar_id = p_calendar_id
      and e.provider_event_id = p.event ->> 'provider_event_id'
    where e.id = any (p_changed)
    order by e.id, p.position desc
  ), gone as (
    delete from public.meetings m using wanted w
    where m.user_id = p_user_id and m.event_id = w.id and jsonb_typeof(w.meeting) is distinct from 'object'
  ), before as (
    select m.event_id from public.meetings m join wanted w on m.user_id = p_user_id and m.event_id = w.id
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
  select (count(*) filter (where b.event_id is null))::integer, (count(*) filter (where b.event_id is not null))::integer
  from written w left join before b using (event_id)
$$;
comment on function public.mirror_meetings is 'Keeps meetings in step with changed events; counts created and updated';

revoke execute on function public.mirror_meetings from public, anon, authenticated;
grant execute on function public.mirror_meetings to service_role;
