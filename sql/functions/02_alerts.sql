-- Internal: one open alert per episode; opening an open one only refreshes its message.
create function public.open_alert(p_user_id uuid, p_account_id uuid, p_calendar_id uuid, p_kind text,
                                  p_severity text, p_message text)
returns void language sql set search_path = '' as $$
  insert into public.calendar_alerts (user_id, account_id, calendar_id, kind, severity, message, opened_at)
  values (p_user_id, p_account_id, p_calendar_id, p_kind, p_severity, p_message, public.calsync_now())
  on conflict (user_id, kind, account_id, coalesce(calendar_id, '00000000-0000-0000-0000-000000000000'))
    where resolved_at is null
  do update set message = excluded.message, severity = excluded.severity
$$;
comment on function public.open_alert is 'Opens an alert, or refreshes the one that is open for this subject';

-- Internal: success ends the episode.
create function public.resolve_alerts(p_user_id uuid, p_calendar_id uuid, p_kinds text[])
returns void language sql set search_path = '' as $$
  update public.calendar_alerts set resolved_at = public.calsync_now(), resolved_by = 'success'
  where user_id = p_user_id and calendar_id = p_calendar_id and kind = any (p_kinds) and resolved_at is null
$$;
comment on function public.resolve_alerts is 'Closes the open alerts of these kinds for a calendar';

revoke execute on function public.open_alert from public, anon, authenticated;
grant execute on function public.open_alert to service_role;
revoke execute on function public.resolve_alerts from public, anon, authenticated;
grant execute on function public.resolve_alerts to service_role;
