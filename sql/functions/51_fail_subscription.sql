-- The provider refused a subscription. Quota never counts; a calendar that cannot have push at all is
-- polled from now on; everything else counts as a failure of push. One that was only to be prolonged
-- (p_renewing) lives on until it ends.
create function public.fail_subscription(p_user_id uuid, p_id uuid, p_failure text, p_delay_seconds double precision,
                                         p_error_code text, p_error_message text,
                                         p_renewing boolean default false)
returns table (status text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_sub public.webhook_subscriptions;
  v_account_id uuid;
begin
  update public.webhook_subscriptions s
  set status = case when p_renewing then s.status else 'failed' end, ended_at = case when not p_renewing then v_now end,
    error_code = p_error_code, error_message = p_error_message, updated_at = v_now
  where s.user_id = p_user_id and s.id = p_id and s.status = case when p_renewing then 'active' else 'pending' end
  returning s.* into v_sub;
  if not found then
    -- Its first notification came although the answer did not: it works.
    return query select s.status from public.webhook_subscriptions s where s.user_id = p_user_id and s.id = p_id;
    return;
  end if;
  select c.account_id into v_account_id from public.calendars c where c.user_id = p_user_id and c.id = v_sub.calendar_id;
  case p_failure
    when 'quota' then
      perform public.block_account(p_user_id, v_account_id, v_now + make_interval(secs => p_delay_seconds));
      update public.calendar_sync_states s set subscription_due_at = v_now + make_interval(secs => p_delay_seconds)
      where s.user_id = p_user_id and s.calendar_id = v_sub.calendar_id;
    when 'reauthorize' then
      perform public.require_reauthorization(p_user_id, v_account_id, p_error_code);
    when 'give_up' then
      perform public.give_push_up(p_user_id, v_sub.calendar_id, 'unsupported');
      perform public.make_due(p_user_id, v_sub.calendar_id, 'polling');
    else
      perform public.count_webhook_failure(p_user_id, v_sub.calendar_id, p_error_code);
  end case;
  return query select v_sub.status;
end
$$;
comment on function public.fail_subscription is 'pending → failed (an active one stays), and what the failure calls for';

revoke execute on function public.fail_subscription from public, anon, authenticated;
grant execute on function public.fail_subscription to service_role;
