-- Lists of the API over calendars and the mirror; see 112_list_records.sql.
create function public.list_calendars(p_user_id uuid, p_limit integer, p_account_id uuid default null,
                                      p_after_created_at timestamptz default null, p_after_id uuid default null)
returns table (id uuid, account_id uuid, provider text, provider_calendar_id text, name text, time_zone text,
               access_role text, is_primary boolean, sync_enabled boolean, push text, removed_at timestamptz,
               last_sync_at timestamptz, created_at timestamptz)
language sql stable set search_path = '' as $$
  select c.id, c.account_id, a.provider, c.provider_calendar_id, c.name, c.time_zone, c.access_role, c.is_primary,
    c.sync_enabled, s.push, c.removed_at, s.last_sync_at, c.created_at
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  join public.calendar_sync_states s on s.user_id = c.user_id and s.calendar_id = c.id
  where c.user_id = p_user_id and (p_account_id is null or c.account_id = p_account_id)
    and (p_after_id is null or (c.created_at, c.id) > (p_after_created_at, p_after_id))
  order by c.created_at, c.id
  limit p_limit
$$;
comment on function public.list_calendars is 'A page of the calendars of a person, oldest first';

-- When things happen that touch [p_from, p_to): by their start, whole days from midnight in their calendar's zone.
-- Without a span, the week from now.
create function public.happenings(p_user_id uuid, p_from timestamptz, p_to timestamptz, p_calendar_id uuid)
returns table (calendar_id uuid, event_id uuid, occurrence_key text, starts_at timestamptz, ends_at timestamptz,
               start_date date, end_date date)
language sql stable set search_path = '' as $$
  with span as (
    select f.starts, coalesce(p_to, f.starts + interval '7 days') as ends
    from (values (coalesce(p_from, public.calsync_now()))) f (starts)
  )
  select o.calendar_id, o.event_id, o.occurrence_key, o.start_at, o.end_at, o.start_date, o.end_date
  from span, public.event_occurrences o
  where o.user_id = p_user_id and (p_calendar_id is null or o.calendar_id = p_calendar_id)
    and o.start_at < span.ends and (o.end_at > span.starts or o.start_at >= span.starts)
  union all
  select o.calendar_id, o.event_id, o.occurrence_key, d.starts_at, d.ends_at, o.start_date, o.end_date
  from span, public.event_occurrences o
  join public.calendars c on c.user_id = o.user_id and c.id = o.calendar_id
  cross join lateral (
    select o.start_date::timestamp at time zone c.time_zone as starts_at,
           o.end_date::timestamp at time zone c.time_zone as ends_at
  ) d
  where o.user_id = p_user_id and (p_calendar_id is null or o.calendar_id = p_calendar_id)
    and o.start_date is not null and d.starts_at < span.ends and d.ends_at > span.starts
$$;
comment on function public.happenings is 'Occurrences of a person in a span of time';

-- Events (p_meetings: meetings only; not p_blocks: without busy blocks of ours) in a span, by their start.
create function public.list_events(p_user_id uuid, p_limit integer, p_from timestamptz default null,
  p_to timestamptz default null, p_calendar_id uuid default null, p_meetings boolean default false,
  p_after_starts_at timestamptz default null, p_after_event_id uuid default null, p_after_occurrence_key text default null,
  p_blocks boolean default true)
returns table (calendar_id uuid, event_id uuid, occurrence_key text, starts_at timestamptz, ends_at timestamptz,
               start_date date, end_date date, kind text, status text, summary text, location text, show_as text,
               visibility text, is_busy boolean, is_busy_block boolean, self_response text, html_link text, meeting_url text,
               platform text, attendee_count integer)
language sql stable set search_path = '' as $$
  with page as (
    select h.* from public.happenings(p_user_id, p_from, p_to, p_calendar_id) h
    where (p_after_event_id is null
           or (h.starts_at, h.event_id, h.occurrence_key) > (p_after_starts_at, p_after_event_id, p_after_occurrence_key))
      and (not p_meetings or exists (
        select 1 from public.meetings m where m.user_id = p_user_id and m.event_id = h.event_id))
      and (p_blocks or not exists (
        select 1 from public.calendar_events e
        where e.user_id = p_user_id and e.id = h.event_id and e.own_tag like 'calsync:b:%'))
    order by h.starts_at, h.event_id, h.occurrence_key
    limit p_limit
  )
  select p.calendar_id, p.event_id, p.occurrence_key, p.starts_at, p.ends_at, p.start_date, p.end_date,
    e.kind, e.status, e.summary, e.location, e.show_as, e.visibility, e.is_busy, coalesce(e.own_tag like 'calsync:b:%', false), e.self_response, e.html_link,
    m.url, m.platform, m.attendee_count
  from page p
  cross join lateral (
    select e.* from public.calendar_events e where e.user_id = p_user_id and e.id = p.event_id limit 1
  ) e
  left join lateral (
    select m.* from public.meetings m where m.user_id = p_user_id and m.event_id = p.event_id limit 1
  ) m on true
  order by p.starts_at, p.event_id, p.occurrence_key
$$;
comment on function public.list_events is 'A page of what happens to a person in a span of time';

-- When a person is busy in any calendar that is synced: spans that touch are one, cut off at the ends.
create function public.busy_times(p_user_id uuid, p_from timestamptz default null, p_to timestamptz default null)
returns table (starts_at timestamptz, ends_at timestamptz) language sql stable set search_path = '' as $$
  with span as (
    select tstzrange(f.starts, greatest(f.starts, coalesce(p_to, f.starts + interval '7 days'))) as asked
    from (values (coalesce(p_from, public.calsync_now()))) f (starts)
  ), busy as (
    select unnest(range_agg(tstzrange(h.starts_at, h.ends_at) * span.asked)) as found
    from span, public.happenings(p_user_id, p_from, p_to, null) h
    cross join lateral (
      select e.is_busy from public.calendar_events e where e.user_id = p_user_id and e.id = h.event_id limit 1
    ) e
    cross join lateral (
      select c.sync_enabled and c.removed_at is null as counts from public.calendars c
      where c.user_id = p_user_id and c.id = h.calendar_id limit 1
    ) c
    where e.is_busy and c.counts and h.ends_at > h.starts_at
  )
  select lower(b.found), upper(b.found) from busy b where not isempty(b.found) order by 1
$$;
comment on function public.busy_times is 'Free/busy of a person: when they are busy';

revoke execute on function public.list_calendars from public, anon, authenticated;
grant execute on function public.list_calendars to service_role;
revoke execute on function public.happenings from public, anon, authenticated;
grant execute on function public.happenings to service_role;
revoke execute on function public.list_events from public, anon, authenticated;
grant execute on function public.list_events to service_role;
revoke execute on function public.busy_times from public, anon, authenticated;
grant execute on function public.busy_times to service_role;
