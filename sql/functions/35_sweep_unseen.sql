-- Internal: after the last page of a full sync, what was not seen is gone at the provider. Unless that
-- is nearly everything: a provider that suddenly answers "nothing there" must say so three times
-- before the mirror is emptied. Answers the number deleted, or null when the answer is not believed yet.
-- With p_from and p_until the listing was of that window: what does not touch it was not to be seen.
create function public.sweep_unseen(p_user_id uuid, p_calendar_id uuid, p_full_sync_id uuid,
                                    p_from timestamptz default null, p_until timestamptz default null)
returns integer language plpgsql set search_path = ''
-- Two sets of the size of a calendar are compared, with no statistics on the scratch table.
set enable_nestloop = off as $$
declare
  v_mirrored integer;
  v_unseen text[];
  v_empty_answers integer;
begin
  select count(*) into v_mirrored from public.events_in_scope(p_user_id, p_calendar_id, p_from, p_until);
  select coalesce(array_agg(u.provider_event_id), '{}') into v_unseen from (
    select e.provider_event_id from public.events_in_scope(p_user_id, p_calendar_id, p_from, p_until) e
    union
    select r.provider_event_id from public.refused_events r
    where r.user_id = p_user_id and r.calendar_id = p_calendar_id
  ) u
  where not exists (
    select 1 from calsync_private.full_sync_seen s
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id and s.full_sync_id = p_full_sync_id
      and s.provider_event_id = u.provider_event_id);
  delete from calsync_private.full_sync_seen s where s.user_id = p_user_id and s.calendar_id = p_calendar_id;

  if v_mirrored >= 5 and cardinality(v_unseen) > 0.9 * v_mirrored then
    update public.calendar_sync_states s set empty_answers = s.empty_answers + 1
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id
    returning s.empty_answers into v_empty_answers;
    if v_empty_answers < 3 then
      return null;
    end if;
  end if;
  update public.calendar_sync_states s set empty_answers = 0
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id and s.empty_answers > 0;
  return public.mirror_deletions(p_user_id, p_calendar_id, v_unseen);
end
$$;
comment on function public.sweep_unseen is 'Deletes what a finished full sync did not see; null when too much vanished to be believed at once';

revoke execute on function public.sweep_unseen from public, anon, authenticated;
grant execute on function public.sweep_unseen to service_role;
