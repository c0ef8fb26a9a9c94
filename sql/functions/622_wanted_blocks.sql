-- Internal: what happens in these calendars from p_from to p_until, but for busy blocks and what takes no time.
create function public.blockable_happenings(p_user_id uuid, p_calendar_ids uuid[], p_from timestamptz, p_until timestamptz)
returns table (calendar_id uuid, event_key text, occurrence_key text, start_at timestamptz, end_at timestamptz,
  start_date date, end_date date, summary text, ical_uid text, organizer text, is_secret boolean, is_busy boolean,
  is_free boolean, is_tentative boolean, is_declined boolean, is_elsewhere boolean)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
  return query
  select o.calendar_id, coalesce(e.series_event_id, e.provider_event_id), o.occurrence_key, o.start_at, o.end_at,
    o.start_date, o.end_date, coalesce(e.summary, ''), e.ical_uid, lower(nullif(e.organizer ->> 'email', '')),
    e.visibility in ('private', 'confidential'), e.is_busy, e.show_as = 'free',
    e.status = 'tentative' or e.show_as = 'tentative' or coalesce(e.self_response = 'tentative', false),
    coalesce(e.self_response = 'declined', false),
    e.show_as = 'working_elsewhere' or e.event_type = 'workingLocation'
  from unnest(p_calendar_ids) k (id)
  cross join lateral (
    select o.* from public.event_occurrences o
    where o.user_id = p_user_id and o.calendar_id = k.id and o.start_at < p_until and o.end_at > p_from
      and o.end_at > o.start_at
    union all
    select o.* from public.event_occurrences o
    where o.user_id = p_user_id and o.calendar_id = k.id and o.start_date is not null
      and public.overlaps_window(null, null, o.start_date, o.end_date, p_from, p_until)) o
  cross join lateral (
    select e.* from public.calendar_events e where e.user_id = p_user_id and e.id = o.event_id limit 1) e
  where e.status <> 'cancelled' and coalesce(e.own_tag not like 'calsync:b:%', true);
end
$$;
comment on function public.blockable_happenings is 'Occurrences of calendars in a window, with all that rules for busy blocks ask';

-- Internal: the busy blocks that the rules ask for from and in a calendar, without those that the target already
-- shows: the same meeting (by iCalendar UID, or by organiser and title), as busy, at the same time.
create function public.wanted_blocks(p_user_id uuid, p_calendar_id uuid)
returns table (source_calendar_id uuid, target_calendar_id uuid, source_event_key text, occurrence_key text, title text,
  start_at timestamptz, end_at timestamptz, start_date date, end_date date)
-- Sets of the size of a calendar are compared; the planner cannot know how large they are.
language plpgsql stable set search_path = '' set enable_nestloop = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  with pairs as materialized (
    select p.* from public.busy_block_pairs p
    where p.user_id = p_user_id and p.is_enabled
      and (p.source_calendar_id = p_calendar_id or p.target_calendar_id = p_calendar_id)
  ), happenings as materialized (
    select h.* from public.blockable_happenings(p_user_id, array(
        select p.source_calendar_id from pairs p union select p.target_calendar_id from pairs p),
      public.calsync_now(), public.calsync_now() + (public.calsync_limits()).block_horizon) h
  )
  -- Keys are sorted as bytes: by the rules of a language it would take a third of all the time.
  select distinct on (p.source_calendar_id, p.target_calendar_id, h.event_key collate "C", h.occurrence_key collate "C")
    p.source_calendar_id, p.target_calendar_id, h.event_key, h.occurrence_key,
    case when p.copy_title and not h.is_secret and h.summary <> '' then '🔒 ' || left(h.summary, 200) else '🔒 Busy' end,
    h.start_at, h.end_at, h.start_date, h.end_date
  from pairs p
  join happenings h on h.calendar_id = p.source_calendar_id
  where not (p.skip_free and h.is_free) and not (p.skip_tentative and h.is_tentative)
    and not (p.skip_all_day and h.start_date is not null) and not (p.skip_declined and h.is_declined)
    and not (p.skip_working_location and h.is_elsewhere)
    and not exists (
      select 1 from happenings t
      where t.calendar_id = p.target_calendar_id and t.is_busy and t.ical_uid = h.ical_uid
        and coalesce(t.start_at, t.start_date::timestamp at time zone 'UTC')
          = coalesce(h.start_at, h.start_date::timestamp at time zone 'UTC')
        and (t.start_date is null) = (h.start_date is null))
    and not exists (
      select 1 from happenings t
      where t.calendar_id = p.target_calendar_id and t.is_busy and t.organizer = h.organizer and t.summary = h.summary
        and coalesce(t.start_at, t.start_date::timestamp at time zone 'UTC')
          = coalesce(h.start_at, h.start_date::timestamp at time zone 'UTC')
        and coalesce(t.end_at, t.end_date::timestamp at time zone 'UTC')
          = coalesce(h.end_at, h.end_date::timestamp at time zone 'UTC')
        and (t.start_date is null) = (h.start_date is null))
  order by p.source_calendar_id, p.target_calendar_id, h.event_key collate "C", h.occurrence_key collate "C",
    h.start_at, h.end_at, h.start_date, h.end_date;
end
$$;
comment on function public.wanted_blocks is 'The busy blocks that the rules ask for from and in a calendar';

-- Internal: a tag for a busy block of this installation: of its series, which is found again by it, and of itself.
create function public.new_block_tag(p_source_calendar_id uuid, p_source_event_key text, p_target_calendar_id uuid)
returns text language sql volatile set search_path = '' as $$
  select concat_ws(':', 'calsync:b', public.calsync_installation(),
    left(md5(concat_ws(' ', p_source_calendar_id, p_source_event_key, p_target_calendar_id)), 16),
    left(md5(gen_random_uuid()::text), 16))
$$;
comment on function public.new_block_tag is 'Tag of a new busy block';

revoke execute on function public.blockable_happenings from public, anon, authenticated;
grant execute on function public.blockable_happenings to service_role;
revoke execute on function public.wanted_blocks from public, anon, authenticated;
grant execute on function public.wanted_blocks to service_role;
revoke execute on function public.new_block_tag from public, anon, authenticated;
grant execute on function public.new_block_tag to service_role;
