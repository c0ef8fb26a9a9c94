-- Internal: an act is written down in its own transaction. Whoever changes accounts, settings or keys calls this.
create function public.write_audit(p_user_id uuid, p_actor text, p_action text, p_subject text,
                                   p_request_id text default null, p_details jsonb default '{}')
returns void language plpgsql set search_path = '' as $$
begin
  insert into public.audit_log (user_id, actor, action, subject, request_id, details)
  values (p_user_id, p_actor, p_action, p_subject, p_request_id, p_details);
exception when foreign_key_violation then
  raise exception 'person % does not exist', p_user_id using errcode = 'CS002';
end
$$;
comment on function public.write_audit is 'Adds a row to the audit log';

-- The service-role key looked at a person's rows: one row an hour for each kind of request.
create function public.note_key_use(p_user_id uuid, p_subject text, p_request_id text)
returns void language plpgsql set search_path = '' as $$
begin
  if not exists (
    select 1 from public.audit_log a
    where a.user_id = p_user_id and a.action = 'service_key.used' and a.subject = p_subject
      and a.created_at > public.calsync_now() - interval '1 hour') then
    perform public.write_audit(p_user_id, 'service_role', 'service_key.used', p_subject, p_request_id);
  end if;
exception when sqlstate 'CS002' then
  null; -- Nobody's rows were looked at.
end
$$;
comment on function public.note_key_use is 'Writes down that the service-role key read a person''s rows';

-- The audit log of a person, newest first; the page after the row that p_after_* name.
create function public.list_audit_log(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                      p_after_id uuid default null)
returns setof public.audit_log language sql stable set search_path = '' as $$
  select a.* from public.audit_log a
  where a.user_id = p_user_id
    and (p_after_id is null or (a.created_at, a.id) < (p_after_created_at, p_after_id))
  order by a.created_at desc, a.id desc
  limit p_limit
$$;
comment on function public.list_audit_log is 'A page of the audit log of a person';

revoke execute on function public.write_audit from public, anon, authenticated;
grant execute on function public.write_audit to service_role;
revoke execute on function public.note_key_use from public, anon, authenticated;
grant execute on function public.note_key_use to service_role;
revoke execute on function public.list_audit_log from public, anon, authenticated;
grant execute on function public.list_audit_log to service_role;
