-- Internal: moves a calendar's due time to now and says why. A running sync is not disturbed: it sees
-- change_seq moved when it ends, and the calendar is due again. A stronger reason already waiting stays.
-- p_heard_at: push said so, which proves that it works. All in one update: webhooks come in storms.
create function public.make_due(p_user_id uuid, p_calendar_id uuid, p_reason text,
                                p_heard_at timestamptz default null)
returns boolean language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_due_at timestamptz;
begin
  update public.calendar_sync_states set
    change_seq = change_seq + 1,
    due_reason = case when due_at <= v_now and due_reason in ('initial', 'reset', 'repair')
                      then due_reason else p_reason end,
    due_at = case
      when lease_expires_at > v_now or due_at = 'infinity' then due_at
      else least(due_at, greatest(v_now, not_before)) end,
    last_webhook_received = coalesce(p_heard_at, last_webhook_received),
    webhook_failures = case when p_heard_at is null then webhook_failures else 0 end,
    unserved_since = coalesce(unserved_since, p_heard_at)
  where user_id = p_user_id and calendar_id = p_calendar_id
  returning due_at into v_due_at;
  -- Due since earlier: the workers know.
  if v_due_at = v_now then
    perform pg_notify('calsync_due', '');
  end if;
  return v_due_at is not null;
end
$$;
comment on function public.make_due is 'A calendar is due now, for this reason; wakes the workers';

revoke execute on function public.make_due from public, anon, authenticated;
grant execute on function public.make_due to service_role;
