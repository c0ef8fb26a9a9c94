-- Internal: a page of a sync brought another version of the event of an appointment, or its deletion. Called by
-- apply_changes after the mirror took the page; takes no lock that a merge or a delivery waits for.
create function public.sight_appointments(p_user_id uuid, p_calendar_id uuid, p_changes jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if not exists (select from public.appointment_links l where l.user_id = p_user_id and l.calendar_id = p_calendar_id) then
    return;
  end if;
  insert into calsync_private.appointment_sightings as s (user_id, id, calendar_id, is_gone, gone_at)
  select p_user_id, l.id, p_calendar_id, bool_or(c.is_gone), max(c.gone_at)
  from (
    select e ->> 'provider_event_id' as event_id, e ->> 'etag' as etag, false as is_gone, null::timestamptz as gone_at
    from jsonb_array_elements(p_changes -> 'events') e
    union all
    select d ->> 'provider_event_id', null, true, (d ->> 'deleted_at')::timestamptz
    from jsonb_array_elements(p_changes -> 'deletions') d
  ) c
  cross join lateral (
    select k.id, k.seen_etag from public.appointment_links k
    where k.user_id = p_user_id and k.calendar_id = p_calendar_id and k.provider_event_id = c.event_id limit 1) l
  where c.is_gone or l.seen_etag is distinct from c.etag
  group by l.id
  on conflict (user_id, id) do update set is_gone = excluded.is_gone, gone_at = excluded.gone_at,
    noticed_at = excluded.noticed_at, mark = excluded.mark;
end
$$;
comment on function public.sight_appointments is 'Notes which appointments have another event, or none, since this page';

-- Internal: events of appointments that a full sync did not see any more.
create function public.miss_appointments(p_user_id uuid, p_calendar_id uuid, p_provider_event_ids text[])
returns void language sql set search_path = '' as $$
  insert into calsync_private.appointment_sightings as s (user_id, id, calendar_id, is_gone)
  select p_user_id, l.id, p_calendar_id, true
  from public.appointment_links l
  where l.user_id = p_user_id and l.calendar_id = p_calendar_id and l.provider_event_id = any (p_provider_event_ids)
  on conflict (user_id, id) do update set is_gone = true, mark = excluded.mark
$$;
comment on function public.miss_appointments is 'Notes which appointments have no event any more';

-- Internal: an appointment is to be merged again: it changed while it waited for a decision, or a write found its
-- event other than it should be. What was known of a deletion there stays known.
create function public.sight_again(p_user_id uuid, p_id uuid)
returns void language sql set search_path = '' as $$
  insert into calsync_private.appointment_sightings as s (user_id, id, calendar_id, is_gone)
  select p_user_id, l.id, l.calendar_id, exists (
    select from public.sync_conflicts c where c.user_id = p_user_id and c.appointment_id = p_id
      and c.decision = 'pending' and c.remote is null)
  from public.appointment_links l where l.user_id = p_user_id and l.id = p_id
  on conflict (user_id, id) do update set mark = excluded.mark
$$;
comment on function public.sight_again is 'An appointment is to be merged again';

revoke execute on function public.sight_appointments from public, anon, authenticated;
grant execute on function public.sight_appointments to service_role;
revoke execute on function public.miss_appointments from public, anon, authenticated;
grant execute on function public.miss_appointments to service_role;
revoke execute on function public.sight_again from public, anon, authenticated;
grant execute on function public.sight_again to service_role;
