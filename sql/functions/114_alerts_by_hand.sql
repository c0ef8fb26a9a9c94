-- Alerts of a person, newest first; see 112_list_records.sql. p_open: true the open ones, false the resolved, null all.
create function public.list_alerts(p_user_id uuid, p_limit integer, p_open boolean default null,
                                   p_after_opened_at timestamptz default null, p_after_id uuid default null)
returns setof public.calendar_alerts language sql stable set search_path = '' as $$
  select x.* from public.calendar_alerts x
  where x.user_id = p_user_id and (p_open is null or p_open = (x.resolved_at is null))
    and (p_after_id is null or (x.opened_at, x.id) < (p_after_opened_at, p_after_id))
  order by x.opened_at desc, x.id desc
  limit p_limit
$$;
comment on function public.list_alerts is 'A page of the alerts of a person, newest first';

-- Somebody closes an alert by hand; one that is closed stays as it is. The next episode opens a new one.
create function public.resolve_alert(p_user_id uuid, p_alert_id uuid, p_actor text, p_request_id text)
returns setof public.calendar_alerts language plpgsql set search_path = '' as $$
declare
  v_kind text;
begin
  update public.calendar_alerts x set resolved_at = public.calsync_now(), resolved_by = p_actor
  where x.user_id = p_user_id and x.id = p_alert_id and x.resolved_at is null
  returning x.kind into v_kind;
  if v_kind is not null then
    perform public.write_audit(p_user_id, p_actor, 'alert.resolved', p_alert_id::text, p_request_id,
                               jsonb_build_object('kind', v_kind));
  end if;
  return query select x.* from public.calendar_alerts x where x.user_id = p_user_id and x.id = p_alert_id;
  if not found then
    raise exception 'alert % does not exist', p_alert_id using errcode = 'CS002';
  end if;
end
$$;
comment on function public.resolve_alert is 'Closes an alert by hand, and writes that down';

revoke execute on function public.list_alerts from public, anon, authenticated;
grant execute on function public.list_alerts to service_role;
revoke execute on function public.resolve_alert from public, anon, authenticated;
grant execute on function public.resolve_alert to service_role;
