-- Internal: counts a failure of push and does what the table in DESIGN says: below 5 retry with
-- backoff, from 5 keep polling and trying, from 10 give push up until an operator brings it back.
create function public.count_webhook_failure(p_user_id uuid, p_calendar_id uuid, p_reason text)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_failures integer;
begin
  update public.calendar_sync_states s set
    webhook_failures = s.webhook_failures + 1, last_webhook_failure_at = v_now,
    -- 1 2 4 8 minutes, then every hour.
    subscription_due_at = v_now + case when s.webhook_failures < 4
      then make_interval(mins => (2 ^ s.webhook_failures)::integer) else interval '1 hour' end
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id
  returning s.webhook_failures into v_failures;
  if v_failures >= (public.calsync_limits()).give_up_after then
    perform public.give_push_up(p_user_id, p_calendar_id, 'given_up');
    perform public.open_alert(p_user_id, c.account_id, p_calendar_id, 'push_given_up', 'high',
      format('Push failed %s times in a row (%s); the calendar is polled. Bring push back with: calsync renew --calendar %s',
             v_failures, p_reason, p_calendar_id))
    from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
  end if;
end
$$;
comment on function public.count_webhook_failure is 'One more failure of push in a row, and its consequence';

-- Internal: push is over for this calendar; what still delivers is stopped at the provider.
create function public.give_push_up(p_user_id uuid, p_calendar_id uuid, p_push text)
returns void language sql set search_path = '' as $$
  update public.calendar_sync_states set push = p_push
  where user_id = p_user_id and calendar_id = p_calendar_id;
  update public.webhook_subscriptions
  set status = 'retiring', retired_at = public.calsync_now(), stop_due_at = public.calsync_now()
  where user_id = p_user_id and calendar_id = p_calendar_id and status in ('pending', 'active')
$$;
comment on function public.give_push_up is 'Ends push for a calendar: unsupported, given up, or turned off';

revoke execute on function public.count_webhook_failure from public, anon, authenticated;
grant execute on function public.count_webhook_failure to service_role;
revoke execute on function public.give_push_up from public, anon, authenticated;
grant execute on function public.give_push_up to service_role;
