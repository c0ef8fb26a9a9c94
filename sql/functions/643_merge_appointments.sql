-- What the merge looks at: up to p_limit appointments whose event changed at the provider (or is gone, which the provider
-- said: a deletion in a sync, or no such event when it was written and the calendar was read since), with all versions.
-- A version of ours that is not our last is left out: the mirror is about to show the last one. Asked in every round and
-- after every sync, and mostly there is nothing: planning the query costs a hundred times what looking for that does.
create function public.appointments_to_merge(p_limit integer, p_user_id uuid default null, p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, id uuid, version bigint, mark uuid, base jsonb, base_remote jsonb, offers jsonb,
  local jsonb, remote_etag text, remote jsonb, is_series boolean, is_echo boolean, policy text, local_changed_at timestamptz,
  remote_changed_at timestamptz, agreed_at timestamptz, seen_at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from calsync_private.appointment_sightings s
                 where (p_user_id is null or s.user_id = p_user_id)
                   and (p_calendar_id is null or s.calendar_id = p_calendar_id)) then
    return;
  end if;
  return query
  select l.user_id, l.calendar_id, l.id, l.version, s.mark, l.base, l.base_remote, o.contents,
    (select public.appointment_content(a) from public.appointments a where a.user_id = l.user_id and a.id = l.id),
    case when e.status <> 'cancelled' then e.etag end, public.event_content(e), coalesce(e.kind = 'series', false),
    coalesce(e.etag = any (l.own_etags), false), coalesce(c.conflict_policy, t.conflict_policy),
    coalesce(l.local_changed_at, l.updated_at), case when e.id is null then s.gone_at else e.provider_updated_at end,
    l.agreed_at, case when e.id is null then s.noticed_at else e.updated_at end
  from calsync_private.appointment_sightings s
  join public.appointment_links l on l.user_id = s.user_id and l.id = s.id
  join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
  join public.calendar_accounts t on t.user_id = c.user_id and t.id = c.account_id
  join public.calendar_sync_states y on y.user_id = l.user_id and y.calendar_id = l.calendar_id
  left join calsync_private.appointment_offers o on o.user_id = l.user_id and o.id = l.id
  left join public.calendar_events e on e.user_id = l.user_id and e.calendar_id = l.calendar_id
    and e.provider_event_id = l.provider_event_id
  where (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    and l.provider_event_id is not null
    and case when e.id is null then s.is_gone or l.vanished_at <= y.last_sync_at
        else e.etag = l.etag or not e.etag = any (l.own_etags) end
  limit p_limit;
end
$$;
comment on function public.appointments_to_merge is 'Appointments whose event changed, with all that a merge looks at';

-- What shared.decide.plan_appointment decided for an appointment, as it was when that was read (version) and for that
-- version of its event (remote etag; null: it is gone); false: one of them moved on, and it is looked at again.
-- p_plan: {"event", "local", "base", "remote", "conflict": null or {"kind", "fields", "policy", "decision", "base",
-- "local", "remote", "merged"}}; event and versions as merge_appointment takes them.
create function public.settle_merge(p_user_id uuid, p_id uuid, p_version bigint, p_remote_etag text, p_mark uuid, p_plan jsonb)
returns table (settled boolean) language plpgsql set search_path = '' as $$
declare
  v_link public.appointment_links;
  v_pending constant boolean := coalesce(p_plan #>> '{conflict,decision}' = 'pending', false);
begin
  perform from public.appointments a where a.user_id = p_user_id and a.id = p_id for update;
  select * into v_link from public.appointment_links l where l.user_id = p_user_id and l.id = p_id for no key update;
  if v_link.version is distinct from p_version or p_remote_etag is distinct from (
    select e.etag from public.calendar_events e
    where e.user_id = p_user_id and e.calendar_id = v_link.calendar_id and e.provider_event_id = v_link.provider_event_id
      and e.status <> 'cancelled') then
    return query select false;
    return;
  end if;
  delete from calsync_private.appointment_sightings s where s.user_id = p_user_id and s.id = p_id and s.mark = p_mark;
  perform public.record_conflict(v_link, p_remote_etag, nullif(p_plan -> 'conflict', 'null'));
  if v_pending then
    -- Neither side is written until somebody decides.
    update public.appointment_links l set held = 'conflict', seen_etag = p_remote_etag, own_etags = '{}',
      version = l.version + 1, updated_at = public.calsync_now()
    where l.user_id = p_user_id and l.id = p_id;
    delete from public.provider_writes w where w.user_id = p_user_id and w.id = p_id;
  else
    perform public.merge_appointment(v_link, p_plan ->> 'event', nullif(p_plan -> 'local', 'null'),
      nullif(p_plan -> 'base', 'null'), nullif(p_plan -> 'remote', 'null'), p_remote_etag);
  end if;
  return query select true;
end
$$;
comment on function public.settle_merge is 'Carries out a merge, if neither side moved on meanwhile';

-- Internal: the appointment becomes p_local (null: it goes), both sides agree on p_base, and of the event follows:
-- keep: it is right; update: it gets p_local; delete; recreate: another one is made for p_local; forget: it is
-- nobody's any more. The appointment and its link are locked.
create function public.merge_appointment(p_link public.appointment_links, p_event text, p_local jsonb, p_base jsonb,
                                         p_remote jsonb, p_remote_etag text)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_link public.appointment_links;
begin
  if p_event = 'forget' then
    perform public.forget_link(p_link.user_id, p_link.id);
    delete from public.appointments a where a.user_id = p_link.user_id and a.id = p_link.id;
    return;
  elsif p_event = 'recreate' then
    perform public.begin_anew(p_link);
  end if;
  -- Held: what is written here now is no change of the person's.
  update public.appointment_links l set held = 'merge' where l.user_id = p_link.user_id and l.id = p_link.id;
  perform public.put_appointment(p_link.user_id, p_link.id, p_link.calendar_id, p_local);
  update public.appointment_links l set
    held = null, version = l.version + 1, updated_at = v_now, vanished_at = null,
    deleted_at = case when p_event = 'delete' then coalesce(l.deleted_at, v_now) end,
    local_changed_at = case when p_event = 'keep' then null else coalesce(p_link.local_changed_at, v_now) end
  where l.user_id = p_link.user_id and l.id = p_link.id;
  if p_event <> 'recreate' then
    update public.appointment_links l set etag = p_remote_etag, seen_etag = p_remote_etag, own_etags = '{}',
      base = p_base, base_remote = p_remote, agreed_at = v_now
    where l.user_id = p_link.user_id and l.id = p_link.id;
    delete from calsync_private.appointment_offers o where o.user_id = p_link.user_id and o.id = p_link.id;
  end if;
  delete from public.provider_writes w where w.user_id = p_link.user_id and w.id = p_link.id
    and (p_event = 'keep' or w.action <> public.write_action(p_event));
  if p_event <> 'keep' then
    select * into v_link from public.appointment_links l where l.user_id = p_link.user_id and l.id = p_link.id;
    perform public.queue_appointment(v_link);
  end if;
end
$$;
comment on function public.merge_appointment is 'Sets an appointment, its base, and what its event needs';

-- Internal: what a merge calls an event's future, in the words of the outbox.
create function public.write_action(p_event text) returns text language sql immutable set search_path = '' as $$
  select case p_event when 'recreate' then 'create' else p_event end
$$;
comment on function public.write_action is 'The action of the outbox for the outcome of a merge';

-- Internal: makes an appointment have this version, adds it, or (null) deletes it.
create function public.put_appointment(p_user_id uuid, p_id uuid, p_calendar_id uuid, p_content jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if p_content is null then
    delete from public.appointments a where a.user_id = p_user_id and a.id = p_id;
    return;
  end if;
  update public.appointments a set summary = c.summary, description = c.description, location = c.location,
    start_at = c.start_at, end_at = c.end_at, start_date = c.start_date, end_date = c.end_date,
    time_zone = c.time_zone, show_as = c.show_as, visibility = c.visibility
  from jsonb_populate_record(null::public.appointments, p_content) c
  where a.user_id = p_user_id and a.id = p_id;
  if not found then
    insert into public.appointments (user_id, id, calendar_id, summary, description, location, start_at, end_at,
      start_date, end_date, time_zone, show_as, visibility)
    select p_user_id, p_id, p_calendar_id, c.summary, c.description, c.location, c.start_at, c.end_at,
      c.start_date, c.end_date, c.time_zone, c.show_as, c.visibility
    from jsonb_populate_record(null::public.appointments, p_content) c;
  end if;
end
$$;
comment on function public.put_appointment is 'Writes a version of an appointment';

revoke execute on function public.appointments_to_merge from public, anon, authenticated;
grant execute on function public.appointments_to_merge to service_role;
revoke execute on function public.settle_merge from public, anon, authenticated;
grant execute on function public.settle_merge to service_role;
revoke execute on function public.merge_appointment from public, anon, authenticated;
grant execute on function public.merge_appointment to service_role;
revoke execute on function public.write_action from public, anon, authenticated;
grant execute on function public.write_action to service_role;
revoke execute on function public.put_appointment from public, anon, authenticated;
grant execute on function public.put_appointment to service_role;
