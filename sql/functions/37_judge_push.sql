-- Internal: what a finished poll says about push. Silence is not failure: a poll that finds nothing
-- verifies the subscription. A poll that finds a change which the subscription should have announced
-- (made while it was active, longer ago than the grace) counts a failure and has it repaired.
create function public.judge_push(p_user_id uuid, p_calendar_id uuid, p_log public.calendar_sync_logs,
                                  p_state public.calendar_sync_states)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_active_since timestamptz;
  v_found constant integer := p_log.events_created + p_log.events_updated + p_log.events_deleted;
begin
  if p_log.sync_type <> 'incremental' then
    return;
  end if;
  select activated_at into v_active_since from public.webhook_subscriptions
  where user_id = p_user_id and calendar_id = p_calendar_id and status = 'active' and expires_at > v_now;
  if v_active_since is null then
    return;
  end if;
  if v_found = 0 then
    update public.calendar_sync_states set verified_at = v_now
    where user_id = p_user_id and calendar_id = p_calendar_id;
  elsif coalesce(p_log.changed_at, v_active_since) between v_active_since and v_now - (public.calsync_limits()).missed_change_grace
        and p_state.unserved_since is null then
    perform public.count_webhook_failure(p_user_id, p_calendar_id, 'missed_change');
  end if;
end
$$;
comment on function public.judge_push is 'Verifies push by a poll that found nothing, or counts a missed change';

revoke execute on function public.judge_push from public, anon, authenticated;
grant execute on function public.judge_push to service_role;
