-- The window slides: occurrences before p_start go, single events and exceptions that reach into it come.
-- Series are expanded by the caller, from series_to_expand. No provider is asked, but Graph is to be: its
-- cursor is tied to the window that it was made for, and it lists the occurrences of series itself.
create function public.slide_windows(p_start timestamptz, p_end timestamptz, p_limit integer)
returns table (calendars integer) language plpgsql set search_path = '' as $$
declare
  v_state record;
  v_count integer := 0;
begin
  for v_state in
    select s.user_id, s.calendar_id, a.provider = 'microsoft' as is_listed from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.window_end < p_end order by s.window_end limit p_limit for update of s skip locked
  loop
    v_count := v_count + 1;
    delete from public.event_occurrences o
    where o.user_id = v_state.user_id and o.calendar_id = v_state.calendar_id
      and (o.end_at <= p_start or o.end_date <= (p_start at time zone 'UTC')::date);
    insert into public.event_occurrences (user_id, calendar_id, event_id, occurrence_key, start_at, end_at, start_date, end_date)
    select e.user_id, e.calendar_id, e.id, e.occurrence_key, e.start_at, e.end_at, e.start_date, e.end_date
    from public.calendar_events e
    where e.user_id = v_state.user_id and e.calendar_id = v_state.calendar_id and e.kind <> 'series'
      and e.status <> 'cancelled'
      and public.overlaps_window(e.start_at, e.end_at, e.start_date, e.end_date, p_start, p_end)
    on conflict do nothing;
    update public.calendar_sync_states s set window_start = p_start, window_end = p_end
    where s.user_id = v_state.user_id and s.calendar_id = v_state.calendar_id;
    if v_state.is_listed then
      perform public.make_due(v_state.user_id, v_state.calendar_id, 'polling');
    end if;
  end loop;
  return query select v_count;
end
$$;
comment on function public.slide_windows is 'Moves the occurrence window of calendars forward';

-- Whether something touches the window [p_from, p_to); a zero-length event counts at its instant. All-day
-- dates are compared as UTC days, as shared.decide does.
create function public.overlaps_window(p_start_at timestamptz, p_end_at timestamptz, p_start_date date, p_end_date date,
                                       p_from timestamptz, p_to timestamptz)
returns boolean language sql immutable parallel safe set search_path = '' as $$
  select case when p_start_date is null
    then p_start_at < p_to and (p_end_at > p_from or (p_start_at = p_end_at and p_start_at >= p_from))
    else p_start_date::timestamp at time zone 'UTC' < p_to and p_end_date::timestamp at time zone 'UTC' > p_from end
$$;
comment on function public.overlaps_window is 'Whether a timed or all-day span overlaps a window';

-- Internal: the events that a listing of a window would name: what touches it, and the series of such. Without
-- a window, all.
create function public.events_in_scope(p_user_id uuid, p_calendar_id uuid, p_from timestamptz, p_until timestamptz)
returns table (provider_event_id text) language sql stable set search_path = '' as $$
  select e.provider_event_id from public.calendar_events e
  where p_from is null and e.user_id = p_user_id and e.calendar_id = p_calendar_id
  union
  select i.id from public.calendar_events e
  cross join lateral (values (e.provider_event_id), (e.series_event_id)) i (id)
  where p_from is not null and e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.kind <> 'series'
    and i.id is not null
    and public.overlaps_window(e.start_at, e.end_at, e.start_date, e.end_date, p_from, p_until)
  union
  select e.provider_event_id from public.event_occurrences o
  join public.calendar_events e on e.user_id = o.user_id and e.id = o.event_id
  where p_from is not null and o.user_id = p_user_id and o.calendar_id = p_calendar_id
    and public.overlaps_window(o.start_at, o.end_at, o.start_date, o.end_date, p_from, p_until)
$$;
comment on function public.events_in_scope is 'Ids of the events that touch a window';

-- Internal: no window reaches further. Stable, so that the planner knows it: nearly every series is expanded that far.
create function public.latest_window_end()
returns timestamptz language sql stable set search_path = '' as $$
  select max(window_end) from public.calendar_sync_states
$$;
comment on function public.latest_window_end is 'Where the furthest occurrence window ends';

-- A series was expanded anew, unless it changed meanwhile (then the sync that changed it did so).
create function public.settle_expansion(p_user_id uuid, p_event_id uuid, p_content_hash text, p_expanded_until timestamptz,
                                        p_occurrences jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_event public.calendar_events;
begin
  -- The state row first, as syncs do.
  perform from public.calendar_sync_states s
  join public.calendar_events e on e.user_id = s.user_id and e.calendar_id = s.calendar_id
  where e.user_id = p_user_id and e.id = p_event_id for update of s;
  select * into v_event from public.calendar_events e
  where e.user_id = p_user_id and e.id = p_event_id and e.content_hash = p_content_hash for update;
  if not found then
    return;
  end if;
  perform public.replace_occurrences(p_user_id, v_event.calendar_id, array[p_event_id], (
    select coalesce(jsonb_agg(o || jsonb_build_object('event_id', p_event_id)), '[]') from jsonb_array_elements(p_occurrences) o));
  if found or v_event.expanded_until is null then
    perform public.mark_blocks_due(p_user_id, array[v_event.calendar_id]);
  end if;
  update public.calendar_events e set expanded_until = p_expanded_until
  where e.user_id = p_user_id and e.id = p_event_id;
end
$$;
comment on function public.settle_expansion is 'Sets the occurrences of a series after a new expansion';

revoke execute on function public.slide_windows from public, anon, authenticated;
grant execute on function public.slide_windows to service_role;
revoke execute on function public.overlaps_window from public, anon, authenticated;
grant execute on function public.overlaps_window to service_role;
revoke execute on function public.events_in_scope from public, anon, authenticated;
grant execute on function public.events_in_scope to service_role;
revoke execute on function public.latest_window_end from public, anon, authenticated;
grant execute on function public.latest_window_end to service_role;
revoke execute on function public.settle_expansion from public, anon, authenticated;
grant execute on function public.settle_expansion to service_role;
