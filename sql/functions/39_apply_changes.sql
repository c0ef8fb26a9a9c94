-- Applies one page of changes for the holder of the lease, in one transaction.
-- p_changes: {"events": [...], "deletions": [{"provider_event_id", "deleted_at"}], "refusals": [...]}
-- p_progress, not the last page: {"api_calls", "next_page", "lease_seconds"}; the lease is extended, and a
-- full sync resumes at next_page after a crash.
-- p_progress, the last page: {"api_calls", "cursor", "next_due_seconds", "window_start", "window_end"};
-- the cursor moves only here, together with the rows that it covers and the busy blocks that they call for.
-- Either may have {"listed_from", "listed_until"}: a provider that shows a window only lists it from scratch.
-- Without JIT, which is on by default: compiling its statements anew in each session took up to half a second.
create function public.apply_changes(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint,
                                     p_changes jsonb, p_progress jsonb)
returns table (finished boolean, processed integer, created integer, updated integer, deleted integer,
               refused integer, api_calls integer)
language plpgsql set search_path = '' set jit = off as $$
#variable_conflict use_column
declare
  v_state public.calendar_sync_states;
  v_account_id uuid;
  v_changed uuid[];
  v_new integer;
  v_deleted integer;
  v_refused integer;
  v_swept integer := 0;
  v_whole record;
  v_meetings record;
  v_changed_at timestamptz;
  v_touched boolean;
  v_last constant boolean := p_progress ? 'cursor';
  v_calls constant integer := (p_progress ->> 'api_calls')::integer;
begin
  v_state := public.hold_lease(p_user_id, p_calendar_id, p_lease_token);
  perform public.lock_person(p_user_id);
  select account_id into v_account_id from public.calendars where user_id = p_user_id and id = p_calendar_id;

  select coalesce(array_agg(m.event_id), '{}'), count(*) filter (where m.is_new) into v_changed, v_new
  from public.mirror_events(p_user_id, p_calendar_id, p_changes -> 'events') m;
  perform public.mirror_occurrences(p_user_id, p_calendar_id, p_changes -> 'events', v_changed);
  select * into v_whole from public.mirror_whole_events(p_user_id, p_calendar_id, p_changes -> 'events');
  v_deleted := v_whole.gone;
  if not p_progress ? 'listed_from' then
    -- An occurrence less is an update of its series; but one more, since the window slid, is none.
    v_changed := array(select unnest(v_changed) union select unnest(v_whole.touched));
  end if;
  select * into v_meetings from public.mirror_meetings(p_user_id, p_calendar_id, p_changes -> 'events', v_changed);
  v_refused := public.mirror_refusals(p_user_id, p_calendar_id, p_changes -> 'refusals',
    array(select e ->> 'provider_event_id' from jsonb_array_elements(p_changes -> 'events') e));
  v_deleted := v_deleted + public.mirror_deletions(p_user_id, p_calendar_id,
    array(select d ->> 'provider_event_id' from jsonb_array_elements(p_changes -> 'deletions') d));

  perform public.sight_appointments(p_user_id, p_calendar_id, p_changes);

  if p_progress ? 'listed_from' and v_state.full_sync_id is null then
    -- The window slid beyond the cursor's: what began as an incremental sync is a full one.
    update public.calendar_sync_states s set full_sync_id = gen_random_uuid()
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id
    returning s.full_sync_id into v_state.full_sync_id;
    update public.calendar_sync_logs l set sync_type = 'full'
    where l.user_id = p_user_id and l.created_at = v_state.claimed_at and l.id = v_state.log_id;
  end if;
  if v_state.full_sync_id is not null then
    insert into calsync_private.full_sync_seen (user_id, calendar_id, full_sync_id, provider_event_id)
    select p_user_id, p_calendar_id, v_state.full_sync_id, e ->> 'provider_event_id'
    from jsonb_array_elements((p_changes -> 'events') || (p_changes -> 'refusals')) e
    on conflict do nothing;
    if v_last then
      v_swept := public.sweep_unseen(p_user_id, p_calendar_id, v_state.full_sync_id,
        (p_progress ->> 'listed_from')::timestamptz, (p_progress ->> 'listed_until')::timestamptz);
    end if;
  end if;

  update public.calendar_sync_logs l set
    events_processed = l.events_processed + jsonb_array_length(p_changes -> 'events')
      + jsonb_array_length(p_changes -> 'deletions') + jsonb_array_length(p_changes -> 'refusals'),
    events_created = l.events_created + v_new,
    events_updated = l.events_updated + cardinality(v_changed) - v_new,
    events_deleted = l.events_deleted + v_deleted + coalesce(v_swept, 0),
    events_refused = l.events_refused + v_refused,
    meetings_created = l.meetings_created + v_meetings.created,
    meetings_updated = l.meetings_updated + v_meetings.updated,
    api_calls = l.api_calls + v_calls,
    changed_at = case when l.sync_type <> 'full' then least(l.changed_at, (
      select min(t.at) from (
        select (e ->> 'provider_updated_at')::timestamptz as at
        from jsonb_array_elements(p_changes -> 'events') e
        join public.calendar_events c on c.user_id = p_user_id and c.calendar_id = p_calendar_id
          and c.provider_event_id = e ->> 'provider_event_id' and c.id = any (v_changed)
        union all
        select (d ->> 'deleted_at')::timestamptz from jsonb_array_elements(p_changes -> 'deletions') d
      ) t)) end
  where l.user_id = p_user_id and l.created_at = v_state.claimed_at and l.id = v_state.log_id
  returning l.events_processed, l.events_created, l.events_updated, l.events_deleted, l.events_refused, l.api_calls,
    l.changed_at
  into processed, created, updated, deleted, refused, api_calls, v_changed_at;

  -- An event that only has another etag may be a busy block.
  v_touched := jsonb_array_length((p_changes -> 'events') || (p_changes -> 'deletions')) > 0 or v_swept > 0;
  if v_last and v_swept is not null
     and (v_touched or v_state.blocks_due_at is not null or v_state.read_epoch is distinct from public.calsync_epoch()) then
    perform public.log_planned_blocks(v_state, coalesce(v_changed_at, v_state.blocks_due_at, public.calsync_now()));
  end if;

  perform public.note_cost(p_user_id, p_calendar_id, v_calls, 0, 0, 0);
  perform public.spend_budget(p_user_id, v_account_id, v_calls);

  if not v_last then
    update public.calendar_sync_states s set
      page_token = case when s.full_sync_id is not null then p_progress ->> 'next_page' end,
      blocks_due_at = case when v_touched then least(s.blocks_due_at, public.calsync_now()) else s.blocks_due_at end,
      lease_expires_at = public.calsync_now() + make_interval(secs => (p_progress ->> 'lease_seconds')::double precision),
      due_at = public.calsync_now() + make_interval(secs => (p_progress ->> 'lease_seconds')::double precision)
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
    finished := false;
  elsif v_swept is null then
    -- Asked again from the start: what this listing named is forgotten.
    update public.calendar_sync_states s set page_token = null, full_sync_id = null
    where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
    perform public.settle_failed_sync(p_user_id, p_calendar_id, p_lease_token, 'retry', 300, false,
      'emptied_unconfirmed', 'The provider listed almost none of the mirrored events; asked again before any is deleted', 0);
    perform public.open_alert(p_user_id, v_account_id, p_calendar_id, 'emptied', 'high',
      'The provider suddenly lists almost nothing; the mirror is kept until it has said so three times');
    finished := false;
  else
    perform public.finish_sync(v_state, v_account_id, p_progress);
    finished := true;
  end if;
  return next;
end
$$;
comment on function public.apply_changes is 'Applies a page of changes for the lease holder; the last page moves the cursor and ends the sync';

revoke execute on function public.apply_changes from public, anon, authenticated;
grant execute on function public.apply_changes to service_role;
