-- Internal: moves a calendar's due time to now and says why. A running sync is not disturbed: it sees
-- change_seq moved when it ends, and the calendar is due again. A stronger reason already waiting stays.
create function public.make_due(p_user_id uuid, p_calendar_id uuid, p_reason text)
returns boolean language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_state public.calendar_sync_states;
begin
  select * into v_state from public.calendar_sync_states
  where user_id = p_user_id and calendar_id = p_calendar_id for update;
  if not found then
    return false;
  end if;
  update public.calendar_sync_states set
    change_seq = change_seq + 1,
    due_reason = case when v_state.due_at <= v_now and v_state.due_reason in ('initial', 'reset', 'repair')
                      then due_reason else p_reason end,
    due_at = case
      when v_state.lease_expires_at > v_now or v_state.due_at = 'infinity' then due_at
      else least(due_at, greatest(v_now, not_before)) end
  where user_id = p_user_id and calendar_id = p_calendar_id;
  if v_state.due_at > v_now then
    perform pg_notify('calsync_due', '');
  end if;
  return true;
end
$$;
comment on function public.make_due is 'A calendar is due now, for this reason; wakes the workers';

revoke execute on function public.make_due from public, anon, authenticated;
grant execute on function public.make_due to service_role;
