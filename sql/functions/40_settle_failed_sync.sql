-- A sync failed: gives the lease back and does what the failure means. The cursor does not move.
-- retry: later, counted; quota: the whole account waits, nothing is counted; resync: the cursor is
-- dropped; reauthorize: the account waits for its person; give_up: a dead letter at once.
create function public.settle_failed_sync(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint, p_failure text,
  p_delay_seconds double precision, p_dead boolean, p_error_code text, p_error_message text, p_api_calls integer)
returns table (due_at timestamptz) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_state public.calendar_sync_states;
  v_account public.calendar_accounts;
  v_until constant timestamptz := v_now + make_interval(secs => p_delay_seconds);
  v_trigger text;
begin
  if p_failure not in ('retry', 'quota', 'reauthorize', 'resync', 'give_up') then
    raise exception 'unknown failure %', p_failure using errcode = 'CS003';
  end if;
  v_state := public.hold_lease(p_user_id, p_calendar_id, p_lease_token);
  select a.* into v_account from public.calendar_accounts a
  join public.calendars c on c.user_id = a.user_id and c.account_id = a.id
  where c.user_id = p_user_id and c.id = p_calendar_id;

  update public.calendar_sync_logs l set status = 'failed', finished_at = v_now, api_calls = l.api_calls + p_api_calls,
    error_code = p_error_code, error_message = p_error_message
  where l.user_id = p_user_id and l.created_at = v_state.claimed_at and l.id = v_state.log_id
  returning l.trigger into v_trigger;
  perform public.note_cost(p_user_id, p_calendar_id, p_api_calls, 0, 0, 0);
  perform public.spend_budget(p_user_id, v_account.id, p_api_calls);

  update public.calendar_sync_states s set
    lease_holder = null, lease_expires_at = null,
    attempts = s.attempts + (p_failure not in ('quota', 'reauthorize'))::integer,
    due_at = v_until, not_before = v_until,
    due_reason = case when p_failure = 'resync' then 'repair'
                      when s.change_seq > s.claimed_seq then s.due_reason else v_trigger end,
    sync_token = case when p_failure = 'resync' then null else s.sync_token end,
    page_token = case when p_failure = 'resync' then null else s.page_token end,
    full_sync_id = case when p_failure = 'resync' then null else s.full_sync_id end,
    dead_at = case when p_dead then coalesce(s.dead_at, v_now) end,
    last_error_code = p_error_code, last_error_message = p_error_message, last_error_at = v_now, updated_at = v_now
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;

  if p_failure = 'quota' then
    perform public.block_account(p_user_id, v_account.id, v_until);
  elsif p_failure = 'reauthorize' then
    perform public.require_reauthorization(p_user_id, v_account.id, p_error_code);
  elsif p_dead then
    perform public.open_alert(p_user_id, v_account.id, p_calendar_id, 'sync_failing', 'critical',
      format('Sync fails again and again (%s); replay it with: calsync dead-letters replay %s', p_error_code, p_calendar_id));
  end if;
  if p_failure = 'retry' and p_error_code in ('provider_unavailable', 'network') then
    perform public.trip_circuit(v_account.provider);
  end if;
  return query select v_until;
end
$$;
comment on function public.settle_failed_sync is 'Ends a failed sync for the lease holder and schedules what its failure calls for';

revoke execute on function public.settle_failed_sync from public, anon, authenticated;
grant execute on function public.settle_failed_sync to service_role;
