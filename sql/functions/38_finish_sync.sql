-- Internal: the last page is in: moves the cursor, judges push, settles the log and gives the lease back.
-- What arrived meanwhile (change_seq moved) makes the calendar due again at once, but in a storm (more than
-- 20 notifications while it synced) only a second later: the storm is served by that one sync.
create function public.finish_sync(p_state public.calendar_sync_states, p_account_id uuid, p_progress jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_again constant boolean := p_state.change_seq > p_state.claimed_seq;
  v_pause constant interval := case when p_state.change_seq - p_state.claimed_seq > 20
                                    then interval '1 second' else interval '0' end;
  v_log public.calendar_sync_logs;
begin
  update public.calendar_sync_logs l set status = 'success', finished_at = v_now
  where l.user_id = p_state.user_id and l.created_at = p_state.claimed_at and l.id = p_state.log_id
  returning l.* into v_log;

  update public.calendar_sync_states s set
    sync_token = p_progress ->> 'cursor', page_token = null, full_sync_id = null,
    lease_holder = null, lease_expires_at = null,
    due_at = case when v_again then v_now + v_pause
                  else v_now + make_interval(secs => (p_progress ->> 'next_due_seconds')::double precision) end,
    due_reason = case when v_again then s.due_reason else 'polling' end,
    not_before = case when v_pause > interval '0' then v_now + v_pause end, attempts = 0, dead_at = null,
    last_error_code = null, last_error_message = null, last_error_at = null,
    last_sync_at = v_now, read_epoch = public.calsync_epoch(),
    last_poll_at = case when v_log.trigger = 'webhook' then s.last_poll_at else v_now end,
    last_full_sync_at = case when v_log.sync_type = 'full' then v_now else s.last_full_sync_at end,
    quiet_syncs = case when v_log.events_created + v_log.events_updated + v_log.events_deleted = 0
                       then s.quiet_syncs + 1 else 0 end,
    unserved_since = case when v_again and s.unserved_since is not null then s.last_webhook_received end,
    -- From here on the window is moved by slide_windows alone, with the occurrences in it.
    window_start = coalesce(s.window_start, (p_progress ->> 'window_start')::timestamptz),
    window_end = coalesce(s.window_end, (p_progress ->> 'window_end')::timestamptz),
    updated_at = v_now
  where s.user_id = p_state.user_id and s.calendar_id = p_state.calendar_id;

  perform public.judge_push(p_state.user_id, p_state.calendar_id, v_log, p_state);
  perform public.note_cost(p_state.user_id, p_state.calendar_id, 0, 1, (v_log.trigger = 'polling')::integer, 0);
  perform public.resolve_alerts(p_state.user_id, p_state.calendar_id, array['sync_failing', 'emptied']);
  update public.calendar_accounts a set blocked_until = null, quota_strikes = 0
  where a.user_id = p_state.user_id and a.id = p_account_id and a.quota_strikes > 0
    -- A block that began while this sync ran stays: another calendar of the account ran into it.
    and a.blocked_until <= v_now;
  delete from calsync_private.provider_circuits c using public.calendar_accounts a
  where a.user_id = p_state.user_id and a.id = p_account_id and c.provider = a.provider;
  if v_again then
    perform pg_notify('calsync_due', '');
  end if;
end
$$;
comment on function public.finish_sync is 'Settles a sync with its last page: cursor, log, push verdict, next due time, lease';

revoke execute on function public.finish_sync from public, anon, authenticated;
grant execute on function public.finish_sync to service_role;
