-- Internal: upserts the events of a page. A row whose etag and content are as they were is not touched.
-- Returns the events whose content or times changed, so that only their occurrences are looked at.
create function public.mirror_events(p_user_id uuid, p_calendar_id uuid, p_events jsonb)
returns table (event_id uuid, provider_event_id text, is_new boolean)
language sql set search_path = '' as $$
  with incoming as materialized (
    -- Items may repeat within a page; the last one is the truth.
    select distinct on (e.provider_event_id) e.*
    from rows from (jsonb_to_recordset(p_events) as (
      provider_event_id text, kind text, status text, etag text, ical_uid text, series_event_id text,
      occurrence_key text, start_at timestamptz, end_at timestamptz, start_date date, end_date date,
      time_zone text, summary text, description text, location text, show_as text, visibility text,
      event_type text, organizer jsonb, attendees jsonb, self_response text, recurrence text[],
      conference_url text, html_link text, sequence integer, own_tag text, provider_created_at timestamptz,
      provider_updated_at timestamptz, content_hash text, expanded_until timestamptz, is_listed boolean)) with ordinality
      as e (provider_event_id, kind, status, etag, ical_uid, series_event_id, occurrence_key, start_at, end_at,
        start_date, end_date, time_zone, summary, description, location, show_as, visibility, event_type,
        organizer, attendees, self_response, recurrence, conference_url, html_link, sequence, own_tag,
        provider_created_at, provider_updated_at, content_hash, expanded_until, is_listed, position)
    order by e.provider_event_id, e.position desc
  ), before as materialized (
    -- One index probe per item whatever the planner believes: in a first sync there are no statistics yet.
    select i.provider_event_id, t.content_hash, t.etag
    from incoming i
    cross join lateral (
      select e.content_hash, e.etag from public.calendar_events e
      where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.provider_event_id = i.provider_event_id
      limit 1) t
  ), written as (
    insert into public.calendar_events as t
      (user_id, calendar_id, provider_event_id, kind, status, etag, ical_uid, series_event_id, occurrence_key,
       start_at, end_at, start_date, end_date, time_zone, summary, description, location, show_as, visibility,
       event_type, organizer, attendees, self_response, recurrence, conference_url, html_link, sequence, own_tag,
       provider_created_at, provider_updated_at, content_hash, expanded_until, is_listed)
    select p_user_id, p_calendar_id, i.provider_event_id, i.kind, i.status, i.etag, i.ical_uid, i.series_event_id,
       i.occurrence_key, i.start_at, i.end_at, i.start_date, i.end_date, i.time_zone, i.summary, i.description,
       i.location, i.show_as, i.visibility, i.event_type, nullif(i.organizer, 'null'), i.attendees, i.self_response,
       i.recurrence, i.conference_url, i.html_link, i.sequence, i.own_tag, i.provider_created_at,
       i.provider_updated_at, i.content_hash, i.expanded_until, i.is_listed
    from incoming i
    left join before b using (provider_event_id)
    where b.provider_event_id is null or b.etag <> i.etag or b.content_hash <> i.content_hash
    on conflict (user_id, calendar_id, provider_event_id) do update set
      kind = excluded.kind, status = excluded.status, etag = excluded.etag, ical_uid = excluded.ical_uid,
      series_event_id = excluded.series_event_id, occurrence_key = excluded.occurrence_key,
      start_at = excluded.start_at, end_at = excluded.end_at, start_date = excluded.start_date,
      end_date = excluded.end_date, time_zone = excluded.time_zone, summary = excluded.summary,
      description = excluded.description, location = excluded.location, show_as = excluded.show_as,
      visibility = excluded.visibility, event_type = excluded.event_type, organizer = excluded.organizer,
      attendees = excluded.attendees, self_response = excluded.self_response, recurrence = excluded.recurrence,
      conference_url = excluded.conference_url, html_link = excluded.html_link, sequence = excluded.sequence,
      own_tag = excluded.own_tag, provider_created_at = excluded.provider_created_at,
      provider_updated_at = excluded.provider_updated_at, content_hash = excluded.content_hash,
      expanded_until = excluded.expanded_until, is_listed = excluded.is_listed, updated_at = public.calsync_now()
    returning t.id, t.provider_event_id, t.content_hash
  )
  select w.id, w.provider_event_id, b.provider_event_id is null
  from written w
  left join before b using (provider_event_id)
  where b.content_hash is distinct from w.content_hash
$$;
comment on function public.mirror_events is 'Upserts events; answers those that are new or whose content changed';

revoke execute on function public.mirror_events from public, anon, authenticated;
grant execute on function public.mirror_events to service_role;
