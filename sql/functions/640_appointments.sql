-- Internal: an instant as versions of appointments hold it: UTC with microseconds, as shared.decide writes it.
create function public.instant_text(p_at timestamptz) returns text language sql stable
set search_path = '' as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
comment on function public.instant_text is 'An instant in ISO 8601, UTC, with microseconds';

-- Internal: the version of an appointment: what of it goes to the provider (shared.model.Draft) and comes back.
create function public.appointment_content(a public.appointments) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('summary', a.summary, 'description', a.description, 'location', a.location,
    'start_at', public.instant_text(a.start_at), 'end_at', public.instant_text(a.end_at),
    'start_date', a.start_date, 'end_date', a.end_date, 'time_zone', a.time_zone,
    'show_as', a.show_as, 'visibility', a.visibility)
$$;
comment on function public.appointment_content is 'What of an appointment both sides keep in step';

-- Internal: the same of a mirrored event; null where it is cancelled.
create function public.event_content(e public.calendar_events) returns jsonb language sql stable
set search_path = '' as $$
  select jsonb_build_object('summary', coalesce(e.summary, ''), 'description', e.description, 'location', e.location,
    'start_at', public.instant_text(e.start_at), 'end_at', public.instant_text(e.end_at),
    'start_date', e.start_date, 'end_date', e.end_date, 'time_zone', e.time_zone,
    'show_as', e.show_as, 'visibility', e.visibility)
  where e.status <> 'cancelled'
$$;
comment on function public.event_content is 'What of an event an appointment keeps in step with';

-- Internal: whether this names an IANA zone (America/Port-au-Prince, Etc/GMT+3, UTC). Postgres alone would take
-- "EST5EDT" and "foo+3" as well, of which no provider has heard.
create function public.is_zone(p_name text) returns boolean language plpgsql stable
set search_path = '' as $$
begin
  if p_name = 'UTC' then
    return true;
  elsif p_name !~ '^[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+){1,2}$' and p_name !~ '^Etc/GMT[+-]\d{1,2}$' then
    return false;
  end if;
  perform now() at time zone p_name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;
comment on function public.is_zone is 'Whether a name is that of an IANA time zone';

-- Before an appointment is written: its calendar is the person's own, can be written to and is synced. Runs with the
-- rights of whoever writes, so nobody learns of another person's calendar. What a merge writes has been looked at.
create function public.check_appointment() returns trigger language plpgsql
set search_path = '' as $$
declare
  v_place record;
begin
  if tg_op = 'UPDATE' and (new.user_id, new.id, new.calendar_id) <> (old.user_id, old.id, old.calendar_id) then
    raise exception 'an appointment stays in its calendar' using errcode = 'CS010',
      hint = 'Delete it, and create another one in the other calendar.';
  end if;
  new.updated_at := public.calsync_now();
  if exists (select from public.appointment_links l
             where l.user_id = new.user_id and l.id = new.id and l.held = 'merge') then
    return new;
  end if;
  select c.access_role, c.sync_enabled, c.removed_at, a.status into v_place from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = new.user_id and c.id = new.calendar_id;
  if not found then
    raise exception 'there is no calendar %', new.calendar_id using errcode = 'CS002',
      hint = 'Appointments go into calendars of the same person.';
  elsif v_place.access_role not in ('owner', 'writer') then
    raise exception 'calendar % is read-only', new.calendar_id using errcode = 'CS010',
      hint = 'Choose a calendar whose access_role is owner or writer.';
  elsif v_place.removed_at is not null or v_place.status not in ('active', 'needs_reauth') then
    raise exception 'calendar % is not connected any more', new.calendar_id using errcode = 'CS010',
      hint = 'Connect its account again, or choose another calendar.';
  elsif not v_place.sync_enabled then
    raise exception 'the sync of calendar % is turned off', new.calendar_id using errcode = 'CS010',
      hint = 'Turn it on first: what is changed at the provider could not come back.';
  elsif not public.is_zone(new.time_zone) then
    raise exception 'there is no time zone %', new.time_zone using errcode = 'CS010',
      hint = 'Name an IANA zone such as Europe/Berlin, or UTC.';
  end if;
  return new;
end
$$;
comment on function public.check_appointment is 'Refuses appointments in calendars that cannot hold them';

-- After it: the change is stamped with the database's clock and goes into the outbox, in the same transaction.
-- Definer: people write appointments, but neither links nor the outbox.
create function public.track_appointment() returns trigger language plpgsql security definer
set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    perform public.track_deletion(old);
  elsif tg_op = 'INSERT' or public.appointment_content(new) <> public.appointment_content(old) then
    perform public.track_content(new);
  end if;
  return null;
end
$$;
comment on function public.track_appointment is 'Stamps local changes of appointments and queues their writes';

-- Internal: an appointment was made or changed here.
create function public.track_content(p_appointment public.appointments) returns void language plpgsql
set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_user constant uuid := p_appointment.user_id;
  v_id constant uuid := p_appointment.id;
  v_is_base boolean;
  v_link public.appointment_links;
begin
  insert into public.appointment_links as l (user_id, id, calendar_id, tag, local_changed_at)
  values (v_user, v_id, p_appointment.calendar_id, public.appointment_tag(v_id, 0), v_now)
  on conflict (user_id, id) do update set deleted_at = null, local_changed_at = v_now, version = l.version + 1, updated_at = v_now
  returning l.* into v_link;
  if v_link.calendar_id <> p_appointment.calendar_id then
    raise exception 'the appointment % is still being deleted from another calendar', v_id using errcode = 'CS010',
      hint = 'Give the new one another id.';
  end if;
  v_is_base := public.appointment_content(p_appointment) = v_link.base;
  if v_is_base then
    update public.appointment_links l set local_changed_at = null where l.user_id = v_user and l.id = v_id;
  end if;
  if v_link.held = 'conflict' then
    perform public.sight_again(v_user, v_id);
  elsif v_link.held is null and not (coalesce(v_is_base, false) and public.call_write_off(v_user, v_id)) then
    perform public.queue_appointment(v_link);
  end if;
end
$$;
comment on function public.track_content is 'An appointment was made or changed';

-- Internal: an appointment was deleted here. Of one that never went to its provider, nothing is left.
create function public.track_deletion(p_appointment public.appointments) returns void language plpgsql
set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_link public.appointment_links;
  v_can_write boolean;
begin
  update public.appointment_links l set deleted_at = v_now, local_changed_at = v_now, version = l.version + 1, updated_at = v_now
  where l.user_id = p_appointment.user_id and l.id = p_appointment.id
  returning l.* into v_link;
  if not found then
    return;
  end if;
  select c.removed_at is null and a.status in ('active', 'needs_reauth') into v_can_write from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = v_link.user_id and c.id = v_link.calendar_id;
  if not found then
    return; -- The calendar itself is being removed.
  elsif not v_can_write or (v_link.provider_event_id is null and public.call_write_off(v_link.user_id, v_link.id)) then
    perform public.forget_link(v_link.user_id, v_link.id);
  elsif v_link.held = 'conflict' then
    perform public.sight_again(v_link.user_id, v_link.id);
  elsif v_link.held is null then
    perform public.queue_appointment(v_link);
  end if;
end
$$;
comment on function public.track_deletion is 'An appointment was deleted';

-- Internal: the tag of the nth event of an appointment. The first has the id of the appointment in it; a deleted
-- event keeps its id at Google for ever, so a successor needs one of its own.
create function public.appointment_tag(p_id uuid, p_generation integer) returns text language sql stable
set search_path = '' as $$
  select concat('calsync:a:', public.calsync_installation(), ':',
    case p_generation when 0 then replace(p_id::text, '-', '') else md5(concat(p_id, ':', p_generation)) end)
$$;
comment on function public.appointment_tag is 'The tag of the event of an appointment';

-- Internal: puts an appointment into the outbox: what to do with its event, the link says.
create function public.queue_appointment(p_link public.appointment_links) returns void language sql
set search_path = '' as $$
  select public.queue_writes(p_link.user_id, 'appointment', jsonb_build_array(jsonb_build_object(
    'id', p_link.id, 'calendar_id', p_link.calendar_id, 'action', case
      when p_link.deleted_at is not null then 'delete'
      when p_link.provider_event_id is null then 'create' else 'update' end)))
$$;
comment on function public.queue_appointment is 'Puts an appointment into the outbox';

-- Internal: takes a write back that nobody has begun; answers whether there is none now. Once begun (its versions
-- are on offer) it may have reached the provider, and another one must follow.
create function public.call_write_off(p_user_id uuid, p_id uuid) returns boolean language plpgsql
set search_path = '' as $$
begin
  delete from public.provider_writes w where w.user_id = p_user_id and w.id = p_id and w.claimed_seq = 0;
  return not exists (select from public.provider_writes w where w.user_id = p_user_id and w.id = p_id)
    and not exists (select from calsync_private.appointment_offers o where o.user_id = p_user_id and o.id = p_id);
end
$$;
comment on function public.call_write_off is 'Takes back a write that was not begun';

-- Internal: the appointment has no event any more, and nothing is to be written.
create function public.forget_link(p_user_id uuid, p_id uuid) returns void language sql
set search_path = '' as $$
  delete from public.appointment_links where user_id = p_user_id and id = p_id;
  delete from public.provider_writes where user_id = p_user_id and id = p_id;
  delete from calsync_private.appointment_offers where user_id = p_user_id and id = p_id;
  delete from calsync_private.appointment_sightings where user_id = p_user_id and id = p_id;
  -- There is nothing left to decide.
  update public.sync_conflicts set decision = 'merged', decided_by = 'policy', decided_at = public.calsync_now(),
    updated_at = public.calsync_now()
  where user_id = p_user_id and appointment_id = p_id and decision = 'pending';
$$;
comment on function public.forget_link is 'Forgets the event of an appointment';

create trigger check_appointment before insert or update on public.appointments
  for each row execute function public.check_appointment();
create trigger track_appointment after insert or update or delete on public.appointments
  for each row execute function public.track_appointment();

-- The check runs with the rights of whoever writes.
revoke execute on function public.is_zone from public, anon;
grant execute on function public.is_zone to authenticated, service_role;
revoke execute on function public.instant_text from public, anon, authenticated;
grant execute on function public.instant_text to service_role;
revoke execute on function public.appointment_content from public, anon, authenticated;
grant execute on function public.appointment_content to service_role;
revoke execute on function public.event_content from public, anon, authenticated;
grant execute on function public.event_content to service_role;
revoke execute on function public.check_appointment from public, anon, authenticated;
grant execute on function public.check_appointment to service_role;
revoke execute on function public.track_appointment from public, anon, authenticated;
grant execute on function public.track_appointment to service_role;
revoke execute on function public.track_content from public, anon, authenticated;
grant execute on function public.track_content to service_role;
revoke execute on function public.track_deletion from public, anon, authenticated;
grant execute on function public.track_deletion to service_role;
revoke execute on function public.appointment_tag from public, anon, authenticated;
grant execute on function public.appointment_tag to service_role;
revoke execute on function public.queue_appointment from public, anon, authenticated;
grant execute on function public.queue_appointment to service_role;
revoke execute on function public.call_write_off from public, anon, authenticated;
grant execute on function public.call_write_off to service_role;
revoke execute on function public.forget_link from public, anon, authenticated;
grant execute on function public.forget_link to service_role;
