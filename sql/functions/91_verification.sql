-- What calsync verify needs to read a calendar a second time: account, credentials, window.
create function public.calendar_to_verify(p_calendar_id uuid)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text,
               time_zone text, sealed text, window_start timestamptz, window_end timestamptz, now timestamptz)
language sql stable set search_path = '' as $$
  select c.user_id, c.id, c.account_id, a.provider, c.provider_calendar_id, c.time_zone,
    public.sealed_credentials(c.user_id, c.account_id), s.window_start, s.window_end, public.calsync_now()
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  join public.calendar_sync_states s on s.user_id = c.user_id and s.calendar_id = c.id
  where c.id = p_calendar_id
$$;
comment on function public.calendar_to_verify is 'A calendar with all that reading it needs';

-- What a verification found; drift opens an alert, its absence closes it. Rows that differ are distrusted:
-- their etag and hash are blanked, so that the next full sync writes them anew.
create function public.record_verification(p_user_id uuid, p_calendar_id uuid, p_drift integer, p_details jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  insert into public.calendar_monitoring_results (user_id, calendar_id, check_name, passed, details, created_at)
  values (p_user_id, p_calendar_id, 'verify', p_drift = 0, p_details, public.calsync_now());
  update public.calendar_events e set etag = '', content_hash = repeat('0', 64)
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id
    and e.provider_event_id in (select jsonb_array_elements_text(p_details -> 'different'));
  if p_drift = 0 then
    perform public.resolve_alerts(p_user_id, p_calendar_id, array['drift']);
  else
    perform public.open_alert(p_user_id, c.account_id, p_calendar_id, 'drift', 'high',
      format('The mirror differs from the provider in %s events; repair it with: calsync sync --mode full --calendar %s',
             p_drift, p_calendar_id))
    from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
  end if;
end
$$;
comment on function public.record_verification is 'Stores the result of calsync verify';

revoke execute on function public.calendar_to_verify from public, anon, authenticated;
grant execute on function public.calendar_to_verify to service_role;
revoke execute on function public.record_verification from public, anon, authenticated;
grant execute on function public.record_verification to service_role;
