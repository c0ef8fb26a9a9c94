-- Internal: events of ours are not at their provider what they should be. In the transaction of whatever calls for it,
-- so that the write is neither lost nor done for a change that never was. p_writes: [{"id", "calendar_id", "action"}].
-- A write that waits takes up the newer change; one that is being delivered is followed by another.
create function public.queue_writes(p_user_id uuid, p_subject text, p_writes jsonb)
returns integer language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_queued integer;
begin
  insert into public.provider_writes as w (user_id, id, subject, calendar_id, action, due_at)
  select p_user_id, q.id, p_subject, q.calendar_id, q.action, v_now
  from jsonb_to_recordset(p_writes) as q (id uuid, calendar_id uuid, action text)
  on conflict (user_id, id) do update set
    -- What was not created yet is still to be created.
    action = case when w.action = 'create' and excluded.action = 'update' then 'create' else excluded.action end,
    change_seq = w.change_seq + 1,
    due_at = case when w.lease_expires_at > v_now then w.due_at else v_now end,
    attempts = 0, dead_at = null, last_error_code = null, last_error_message = null, last_error_at = null,
    updated_at = v_now;
  get diagnostics v_queued = row_count;
  if v_queued > 0 then
    perform pg_notify('calsync_due', '');
  end if;
  return v_queued;
end
$$;
comment on function public.queue_writes is 'Puts events of ours into the outbox; wakes the workers';

revoke execute on function public.queue_writes from public, anon, authenticated;
grant execute on function public.queue_writes to service_role;
