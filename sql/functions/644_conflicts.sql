-- Internal: writes a conflict down. One that waits for its decision is kept up to date; without p_conflict (the sides
-- agree again) it is over.
create function public.record_conflict(p_link public.appointment_links, p_remote_etag text, p_conflict jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_is_pending constant boolean := coalesce(p_conflict ->> 'decision' = 'pending', false);
  v_id uuid;
begin
  if p_conflict is null then
    update public.sync_conflicts c set decision = 'merged', decided_by = 'policy', decided_at = v_now, updated_at = v_now
    where c.user_id = p_link.user_id and c.appointment_id = p_link.id and c.decision = 'pending';
    return;
  end if;
  insert into public.sync_conflicts as c (user_id, appointment_id, calendar_id, kind, base, local, remote, merged,
    remote_etag, fields, policy, decision)
  values (p_link.user_id, p_link.id, p_link.calendar_id, p_conflict ->> 'kind', nullif(p_conflict -> 'base', 'null'),
    nullif(p_conflict -> 'local', 'null'), nullif(p_conflict -> 'remote', 'null'), nullif(p_conflict -> 'merged', 'null'),
    p_remote_etag, array(select jsonb_array_elements_text(p_conflict -> 'fields')), p_conflict ->> 'policy', 'pending')
  on conflict (user_id, appointment_id) where decision = 'pending' do update set
    kind = excluded.kind, base = excluded.base, local = excluded.local, remote = excluded.remote, merged = excluded.merged,
    remote_etag = excluded.remote_etag, fields = excluded.fields, policy = excluded.policy, updated_at = v_now
  returning c.id into v_id;
  if not v_is_pending then
    perform public.decide_conflict(p_link.user_id, v_id, p_conflict ->> 'decision', 'policy');
    perform public.write_audit(p_link.user_id, 'worker', 'conflict.decided', v_id::text, null,
      p_conflict - array['base', 'local', 'remote', 'merged'] || jsonb_build_object('appointment_id', p_link.id));
  end if;
end
$$;
comment on function public.record_conflict is 'Keeps both versions of an appointment, and what was decided';

-- Internal: the decision.
create function public.decide_conflict(p_user_id uuid, p_conflict_id uuid, p_decision text, p_decided_by text)
returns void language sql set search_path = '' as $$
  update public.sync_conflicts c set decision = p_decision, decided_by = p_decided_by,
    decided_at = public.calsync_now(), updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.id = p_conflict_id
$$;
comment on function public.decide_conflict is 'pending → decided';

-- A person decides a conflict that waits: local, remote, both (the provider's stays, ours becomes a new appointment),
-- or merged, with p_fields saying of each field in conflict whose value it gets: {"when": "local", "summary": "remote"}.
-- What only one side changed is kept whatever they choose. p_actor as in audit_log.
create function public.resolve_conflict(p_user_id uuid, p_conflict_id uuid, p_choice text, p_actor text,
                                        p_fields jsonb default '{}', p_request_id text default null)
returns setof public.sync_conflicts language plpgsql set search_path = '' as $$
declare
  v_conflict public.sync_conflicts;
  v_link public.appointment_links;
begin
  v_conflict := public.hold_conflict(p_user_id, p_conflict_id);
  if v_conflict.decision <> 'pending' then
    raise exception 'conflict % was decided already: %', p_conflict_id, v_conflict.decision using errcode = 'CS010',
      hint = 'Undo that decision, or change the appointment.';
  elsif p_choice not in ('local', 'remote', 'both', 'merged') then
    raise exception 'unknown choice %', p_choice using errcode = 'CS003', hint = 'Choose local, remote, both or merged.';
  elsif p_choice = 'merged' and v_conflict.kind <> 'both_changed' then
    raise exception 'one side has nothing to merge' using errcode = 'CS010', hint = 'Choose local, remote or both.';
  elsif p_choice = 'merged' and exists (
    select from unnest(v_conflict.fields) f where coalesce(p_fields ->> f, '') not in ('local', 'remote')) then
    raise exception 'whose value each field in conflict gets is not said' using errcode = 'CS003',
      hint = format('Say local or remote for each of: %s.', array_to_string(v_conflict.fields, ', '));
  end if;
  select * into v_link from public.appointment_links l
  where l.user_id = p_user_id and l.id = v_conflict.appointment_id for no key update;
  if not public.is_current(v_conflict, v_link) then
    raise exception 'one side of conflict % was changed a moment ago', p_conflict_id using errcode = 'CS010',
      hint = 'Look at it again in a few seconds, then decide.';
  end if;
  perform public.decide_conflict(p_user_id, p_conflict_id, p_choice, p_actor);
  perform public.carry_out(v_conflict, v_link, p_choice, p_fields);
  perform public.write_audit(p_user_id, p_actor, 'conflict.resolved', p_conflict_id::text, p_request_id,
    jsonb_build_object('choice', p_choice, 'fields', p_fields, 'appointment_id', v_conflict.appointment_id));
  return query select * from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id;
end
$$;
comment on function public.resolve_conflict is 'Decides a pending conflict, and carries that out';

-- Internal: locks a conflict and its appointment, in the order of every other function.
create function public.hold_conflict(p_user_id uuid, p_conflict_id uuid) returns public.sync_conflicts language plpgsql
set search_path = '' as $$
declare
  v_conflict public.sync_conflicts;
begin
  perform from public.appointments a where a.user_id = p_user_id and a.id = (
    select c.appointment_id from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id) for update;
  perform from public.appointment_links l where l.user_id = p_user_id and l.id = (
    select c.appointment_id from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id) for no key update;
  select * into v_conflict from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id for update;
  if not found then
    raise exception 'there is no conflict %', p_conflict_id using errcode = 'CS002';
  end if;
  return v_conflict;
end
$$;
comment on function public.hold_conflict is 'Locks a conflict and what it is about';

-- Internal: whether a pending conflict shows both sides as they are now.
create function public.is_current(p_conflict public.sync_conflicts, p_link public.appointment_links) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(p_link.held = 'conflict', false)
    and p_conflict.local is not distinct from (
      select public.appointment_content(a) from public.appointments a where a.user_id = p_link.user_id and a.id = p_link.id)
    and p_conflict.remote_etag is not distinct from (
      select e.etag from public.calendar_events e
      where e.user_id = p_link.user_id and e.calendar_id = p_link.calendar_id
        and e.provider_event_id = p_link.provider_event_id and e.status <> 'cancelled')
$$;
comment on function public.is_current is 'Whether neither side changed since a conflict was written down';

-- Internal: what a choice means, by the kind of the conflict.
create function public.carry_out(p_conflict public.sync_conflicts, p_link public.appointment_links, p_choice text, p_fields jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_ours constant boolean := p_choice in ('local', 'both');
  v_content jsonb;
begin
  if p_conflict.kind = 'both_changed' then
    v_content := case when p_choice = 'both' then p_conflict.remote else public.chosen_content(p_conflict, p_choice, p_fields) end;
    perform public.merge_appointment(p_link, case when v_content = p_conflict.remote then 'keep' else 'update' end,
      v_content, p_conflict.remote, p_conflict.remote, p_conflict.remote_etag);
    if p_choice = 'both' then
      perform public.put_appointment(p_link.user_id, gen_random_uuid(), p_link.calendar_id, p_conflict.local);
    end if;
  elsif p_conflict.kind = 'deleted_here' then
    perform public.merge_appointment(p_link, case p_choice when 'local' then 'delete' else 'keep' end,
      case p_choice when 'local' then null else p_conflict.remote end, p_conflict.remote, p_conflict.remote, p_conflict.remote_etag);
  elsif v_ours and p_conflict.local is not null then
    -- The event is gone, or a series that is left alone.
    perform public.merge_appointment(p_link, 'recreate', p_conflict.local, null, null, null);
  else
    perform public.merge_appointment(p_link, 'forget', null, null, null, null);
  end if;
end
$$;
comment on function public.carry_out is 'Makes both sides what was chosen';

-- Internal: the merged version with the chosen values in the fields that are in conflict.
create function public.chosen_content(p_conflict public.sync_conflicts, p_choice text, p_fields jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select p_conflict.merged || coalesce(jsonb_object_agg(k.key, p_conflict.local -> k.key), '{}')
  from unnest(p_conflict.fields) f
  cross join lateral unnest(case f when 'when' then array['start_at', 'end_at', 'start_date', 'end_date', 'time_zone']
                                   else array[f] end) k (key)
  where p_choice = 'local' or (p_choice = 'merged' and p_fields ->> f = 'local')
$$;
comment on function public.chosen_content is 'Both versions in one, as chosen';

-- Takes a decision back: the version that lost (after a merge: ours as it was before) is put back as a fresh change
-- made here, a deleted appointment is made again, and it goes to the provider as any other change.
create function public.undo_conflict(p_user_id uuid, p_conflict_id uuid, p_actor text, p_request_id text default null)
returns setof public.sync_conflicts language plpgsql set search_path = '' as $$
declare
  v_conflict public.sync_conflicts;
begin
  v_conflict := public.hold_conflict(p_user_id, p_conflict_id);
  if v_conflict.undone_at is not null then
    raise exception 'the decision of conflict % was undone already', p_conflict_id using errcode = 'CS010',
      hint = 'Change the appointment instead.';
  elsif exists (select from public.sync_conflicts c where c.user_id = p_user_id and c.decision = 'pending'
                  and c.appointment_id = v_conflict.appointment_id) then
    raise exception 'appointment % waits for a decision', v_conflict.appointment_id using errcode = 'CS010',
      hint = 'Resolve its pending conflict first.';
  elsif v_conflict.decision = 'both' then
    raise exception 'both versions were kept' using errcode = 'CS010', hint = 'Delete the one that is not wanted.';
  end if;
  perform public.put_appointment(p_user_id, v_conflict.appointment_id, v_conflict.calendar_id,
    case v_conflict.decision when 'local' then v_conflict.remote else v_conflict.local end);
  update public.sync_conflicts c set undone_at = public.calsync_now(), undone_by = p_actor, updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.id = p_conflict_id;
  perform public.write_audit(p_user_id, p_actor, 'conflict.undone', p_conflict_id::text, p_request_id,
    jsonb_build_object('decision', v_conflict.decision, 'appointment_id', v_conflict.appointment_id));
  return query select * from public.sync_conflicts c where c.user_id = p_user_id and c.id = p_conflict_id;
end
$$;
comment on function public.undo_conflict is 'Puts back the version that lost';

-- Who wins from now on: in an account, or in one calendar (null: as its account says). Exactly one of the ids is given.
create function public.set_conflict_policy(p_user_id uuid, p_account_id uuid, p_calendar_id uuid, p_policy text, p_actor text,
                                           p_request_id text default null)
returns table (conflict_policy text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if p_calendar_id is not null then
    update public.calendars c set conflict_policy = p_policy, updated_at = public.calsync_now()
    where c.user_id = p_user_id and c.id = p_calendar_id;
  else
    update public.calendar_accounts a set conflict_policy = p_policy, updated_at = public.calsync_now()
    where a.user_id = p_user_id and a.id = p_account_id;
  end if;
  if not found then
    raise exception 'there is no such account or calendar' using errcode = 'CS002';
  end if;
  perform public.write_audit(p_user_id, p_actor, 'settings.changed', coalesce(p_calendar_id, p_account_id)::text, p_request_id,
    jsonb_build_object('conflict_policy', p_policy));
  return query select p_policy;
end
$$;
comment on function public.set_conflict_policy is 'Sets the conflict policy of an account or a calendar';

revoke execute on function public.record_conflict from public, anon, authenticated;
grant execute on function public.record_conflict to service_role;
revoke execute on function public.decide_conflict from public, anon, authenticated;
grant execute on function public.decide_conflict to service_role;
revoke execute on function public.resolve_conflict from public, anon, authenticated;
grant execute on function public.resolve_conflict to service_role;
revoke execute on function public.hold_conflict from public, anon, authenticated;
grant execute on function public.hold_conflict to service_role;
revoke execute on function public.is_current from public, anon, authenticated;
grant execute on function public.is_current to service_role;
revoke execute on function public.carry_out from public, anon, authenticated;
grant execute on function public.carry_out to service_role;
revoke execute on function public.chosen_content from public, anon, authenticated;
grant execute on function public.chosen_content to service_role;
revoke execute on function public.undo_conflict from public, anon, authenticated;
grant execute on function public.undo_conflict to service_role;
revoke execute on function public.set_conflict_policy from public, anon, authenticated;
grant execute on function public.set_conflict_policy to service_role;
