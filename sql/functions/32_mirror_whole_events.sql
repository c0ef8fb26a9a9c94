-- Internal: events that came with all their exceptions (a CalDAV resource, a series resent by Graph):
-- exceptions that are not in the page are gone, and the occurrences are what the page says even where
-- the content of the event did not change. Answers how many exceptions went, and which events had other
-- occurrences so far: a deleted occurrence may be all that changed.
create function public.mirror_whole_events(p_user_id uuid, p_calendar_id uuid, p_events jsonb,
                                           out gone integer, out touched uuid[])
language plpgsql set search_path = '' as $$
declare
  v_whole text[];
begin
  gone := 0;
  touched := '{}';
  select array_agg(e ->> 'provider_event_id') into v_whole
  from jsonb_array_elements(p_events) e where (e ->> 'is_whole')::boolean;
  if v_whole is null then
    return;
  end if;
  delete from public.calendar_events x
  where x.user_id = p_user_id and x.calendar_id = p_calendar_id and x.kind = 'exception'
    and x.series_event_id = any (v_whole)
    and not x.provider_event_id = any (array(select e ->> 'provider_event_id' from jsonb_array_elements(p_events) e));
  get diagnostics gone = row_count;
  touched := array(select public.mirror_occurrences(p_user_id, p_calendar_id, p_events, array(
    select e.id from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.provider_event_id = any (v_whole))));
end
$$;
comment on function public.mirror_whole_events is 'Removes vanished exceptions of events that came whole, and sets their occurrences';

revoke execute on function public.mirror_whole_events from public, anon, authenticated;
grant execute on function public.mirror_whole_events to service_role;
