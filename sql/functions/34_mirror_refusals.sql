-- Internal: parks what the mirror cannot hold, and forgets what it holds by now. A refused version of
-- an event that was mirrored before replaces it: showing the old one would be a lie.
create function public.mirror_refusals(p_user_id uuid, p_calendar_id uuid, p_refusals jsonb, p_mirrored text[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_refused integer;
begin
  delete from public.refused_events r
  where r.user_id = p_user_id and r.calendar_id = p_calendar_id and r.provider_event_id = any (p_mirrored);
  insert into public.refused_events as r
    (user_id, calendar_id, provider_event_id, reason, detail, etag, refused_at)
  select distinct on (f.provider_event_id) p_user_id, p_calendar_id, f.provider_event_id, f.reason, f.detail,
    f.etag, public.calsync_now()
  from jsonb_to_recordset(p_refusals) as f (provider_event_id text, reason text, detail text, etag text)
  on conflict (user_id, calendar_id, provider_event_id) do update set
    reason = excluded.reason, detail = excluded.detail, etag = excluded.etag, refused_at = excluded.refused_at;
  get diagnostics v_refused = row_count;
  delete from public.calendar_events e
  using jsonb_to_recordset(p_refusals) as f (provider_event_id text)
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.provider_event_id = f.provider_event_id;
  -- A series that was called off takes its exceptions along; those of one that cannot be read stand alone.
  delete from public.calendar_events e
  where e.user_id = p_user_id and e.calendar_id = p_calendar_id and e.kind = 'exception'
    and e.series_event_id = any (array(
      select f.provider_event_id from jsonb_to_recordset(p_refusals) as f (provider_event_id text, reason text)
      where f.reason = 'called_off'));
  return v_refused;
end
$$;
comment on function public.mirror_refusals is 'Parks refused events with their reasons; counts them';

revoke execute on function public.mirror_refusals from public, anon, authenticated;
grant execute on function public.mirror_refusals to service_role;
