-- Internal: removes events that are gone at the provider, a series with its exceptions. Where an
-- exception goes but its series stays, the series is marked for a new expansion.
create function public.mirror_deletions(p_user_id uuid, p_calendar_id uuid, p_provider_event_ids text[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_deleted integer;
begin
  perform public.forget_vanished_blocks(p_user_id, p_calendar_id, p_provider_event_ids);
  with gone as (
    delete from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = p_calendar_id
      and (e.provider_event_id = any (p_provider_event_ids)
           or (e.kind = 'exception' and e.series_event_id = any (p_provider_event_ids)))
    returning e.kind, e.series_event_id
  ), reopened as (
    update public.calendar_events m set expanded_until = null
    from (select distinct series_event_id from gone where kind = 'exception') x
    where m.user_id = p_user_id and m.calendar_id = p_calendar_id and m.kind = 'series' and not m.is_listed
      and m.provider_event_id = x.series_event_id
  )
  select count(*) into v_deleted from gone;
  perform public.miss_appointments(p_user_id, p_calendar_id, p_provider_event_ids);
  delete from public.refused_events r
  where r.user_id = p_user_id and r.calendar_id = p_calendar_id and r.provider_event_id = any (p_provider_event_ids);
  return v_deleted;
end
$$;
comment on function public.mirror_deletions is 'Deletes events by provider id; a series takes its exceptions along';

revoke execute on function public.mirror_deletions from public, anon, authenticated;
grant execute on function public.mirror_deletions to service_role;
