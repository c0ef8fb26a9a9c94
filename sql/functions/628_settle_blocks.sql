-- Internal: what became of the events of busy blocks; called by the outbox, which holds their writes.
-- p_outcomes: [{"id", "result": "written" | "deleted" | "vanished", "provider_event_id", "etag"}].
create function public.settle_blocks(p_user_id uuid, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  perform public.lock_person(p_user_id);
  update public.busy_blocks b set provider_event_id = o.provider_event_id, etag = o.etag, written_at = v_now, updated_at = v_now
  from jsonb_to_recordset(p_outcomes) as o (id uuid, result text, provider_event_id text, etag text)
  where b.user_id = p_user_id and b.id = o.id and o.result = 'written';
  -- The mirror knows it at once: a calendar that is turned off is never read again.
  delete from public.calendar_events e
  using jsonb_to_recordset(p_outcomes) as o (id uuid, result text), public.busy_blocks b
  where o.result in ('deleted', 'vanished') and b.user_id = p_user_id and b.id = o.id
    and e.user_id = p_user_id and e.calendar_id = b.target_calendar_id and e.provider_event_id = b.provider_event_id;
  delete from public.busy_blocks b
  using jsonb_to_recordset(p_outcomes) as o (id uuid, result text)
  where b.user_id = p_user_id and b.id = o.id and o.result in ('deleted', 'vanished') and not b.is_wanted;
  -- Asked for again while it was being deleted, or deleted by somebody: a new event, which the old tag would hide.
  update public.busy_blocks b set tag = left(b.tag, 36) || left(md5(gen_random_uuid()::text), 16),
    provider_event_id = null, etag = null, written_at = null, updated_at = v_now
  from jsonb_to_recordset(p_outcomes) as o (id uuid, result text)
  where b.user_id = p_user_id and b.id = o.id and o.result in ('deleted', 'vanished') and b.is_wanted;
end
$$;
comment on function public.settle_blocks is 'Records what became of the events of busy blocks';

revoke execute on function public.settle_blocks from public, anon, authenticated;
grant execute on function public.settle_blocks to service_role;
