-- The appointments of a person with their state, oldest first; the page after the row that p_after_* name.
create function public.list_appointments(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                         p_after_id uuid default null, p_calendar_id uuid default null)
returns table (id uuid, calendar_id uuid, summary text, description text, location text, start_at timestamptz,
  end_at timestamptz, start_date date, end_date date, time_zone text, show_as text, visibility text, state text,
  reason text, created_at timestamptz, updated_at timestamptz) language plpgsql stable set search_path = '' as $$
begin
  return query
  select a.id, a.calendar_id, a.summary, a.description, a.location, a.start_at, a.end_at, a.start_date, a.end_date,
    a.time_zone, a.show_as, a.visibility, s.state, s.reason, a.created_at, a.updated_at
  from public.appointments a
  join public.appointment_status s on s.user_id = a.user_id and s.id = a.id
  where a.user_id = p_user_id and (p_calendar_id is null or a.calendar_id = p_calendar_id)
    and (p_after_id is null or (a.created_at, a.id) > (p_after_created_at, p_after_id))
  order by a.created_at, a.id
  limit p_limit;
end
$$;
comment on function public.list_appointments is 'A page of the appointments of a person, with their state';

-- One of them.
create function public.get_appointment(p_user_id uuid, p_id uuid)
returns table (id uuid, calendar_id uuid, summary text, description text, location text, start_at timestamptz,
  end_at timestamptz, start_date date, end_date date, time_zone text, show_as text, visibility text, state text,
  reason text, created_at timestamptz, updated_at timestamptz) language plpgsql stable set search_path = '' as $$
begin
  return query
  select a.id, a.calendar_id, a.summary, a.description, a.location, a.start_at, a.end_at, a.start_date, a.end_date,
    a.time_zone, a.show_as, a.visibility, s.state, s.reason, a.created_at, a.updated_at
  from public.appointments a
  join public.appointment_status s on s.user_id = a.user_id and s.id = a.id
  where a.user_id = p_user_id and a.id = p_id;
  if not found then
    raise exception 'there is no appointment %', p_id using errcode = 'CS002';
  end if;
end
$$;
comment on function public.get_appointment is 'An appointment of a person, with its state';

-- The API makes one. Repeated with the same id and content, it changes nothing.
create function public.create_appointment(p_user_id uuid, p_id uuid, p_calendar_id uuid, p_content jsonb, p_actor text,
                                          p_request_id text default null)
returns void language plpgsql set search_path = '' as $$
begin
  if exists (select from public.appointments a where a.user_id = p_user_id and a.id = p_id) then
    return;
  end if;
  perform public.put_appointment(p_user_id, p_id, p_calendar_id, p_content);
  perform public.write_audit(p_user_id, p_actor, 'appointment.created', p_id::text, p_request_id);
end
$$;
comment on function public.create_appointment is 'Makes an appointment';

-- The API changes one: p_changes holds the new values; the others stay.
create function public.change_appointment(p_user_id uuid, p_id uuid, p_changes jsonb, p_actor text,
                                          p_request_id text default null)
returns void language plpgsql set search_path = '' as $$
declare
  v_appointment public.appointments;
begin
  select * into v_appointment from public.appointments a where a.user_id = p_user_id and a.id = p_id for update;
  if not found then
    raise exception 'there is no appointment %', p_id using errcode = 'CS002';
  end if;
  perform public.put_appointment(p_user_id, p_id, v_appointment.calendar_id,
    public.appointment_content(v_appointment) || p_changes);
  perform public.write_audit(p_user_id, p_actor, 'appointment.changed', p_id::text, p_request_id,
    jsonb_build_object('fields', array(select jsonb_object_keys(p_changes))));
end
$$;
comment on function public.change_appointment is 'Changes an appointment';

-- The API deletes one.
create function public.delete_appointment(p_user_id uuid, p_id uuid, p_actor text, p_request_id text default null)
returns void language plpgsql set search_path = '' as $$
begin
  delete from public.appointments a where a.user_id = p_user_id and a.id = p_id;
  if not found then
    raise exception 'there is no appointment %', p_id using errcode = 'CS002';
  end if;
  perform public.write_audit(p_user_id, p_actor, 'appointment.deleted', p_id::text, p_request_id);
end
$$;
comment on function public.delete_appointment is 'Deletes an appointment';

-- The conflicts of a person, newest first; with p_decision those alone (pending: the ones that wait).
create function public.list_conflicts(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                      p_after_id uuid default null, p_decision text default null)
returns setof public.sync_conflicts language sql stable set search_path = '' as $$
  select c.* from public.sync_conflicts c
  where c.user_id = p_user_id and (p_decision is null or c.decision = p_decision)
    and (p_after_id is null or (c.created_at, c.id) < (p_after_created_at, p_after_id))
  order by c.created_at desc, c.id desc
  limit p_limit
$$;
comment on function public.list_conflicts is 'A page of the conflicts of a person';

revoke execute on function public.list_appointments from public, anon, authenticated;
grant execute on function public.list_appointments to service_role;
revoke execute on function public.get_appointment from public, anon, authenticated;
grant execute on function public.get_appointment to service_role;
revoke execute on function public.create_appointment from public, anon, authenticated;
grant execute on function public.create_appointment to service_role;
revoke execute on function public.change_appointment from public, anon, authenticated;
grant execute on function public.change_appointment to service_role;
revoke execute on function public.delete_appointment from public, anon, authenticated;
grant execute on function public.delete_appointment to service_role;
revoke execute on function public.list_conflicts from public, anon, authenticated;
grant execute on function public.list_conflicts to service_role;
