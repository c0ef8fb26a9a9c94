-- The one durable call behind a webhook: records the notification and makes its calendar due.
-- The caller has verified the token already. A repeated delivery is recognised by its message
-- number; a channel we retired or do not know (a restored database) is remembered to be stopped.
create function public.record_notification(p_calendar_id uuid, p_channel_id text, p_resource_id text,
                                           p_resource_state text, p_message_number bigint,
                                           p_expires_at timestamptz default null)
returns table (outcome text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_known record;
  v_outcome text;
begin
  -- Two deliveries of one message may come at once; the second waits until the first is written.
  perform pg_advisory_xact_lock(hashtextextended(p_channel_id, p_message_number));
  select c.user_id, s.id, s.status, exists (
      select 1 from public.webhook_notifications n
      where n.channel_id = p_channel_id and n.message_number = p_message_number and n.user_id = c.user_id) as repeated
  into v_known
  from public.calendars c
  left join public.webhook_subscriptions s
    on s.user_id = c.user_id and s.calendar_id = c.id and s.channel_id = p_channel_id
  where c.id = p_calendar_id;
  if not found then
    return query select 'calendar_gone';
    return;
  end if;

  if v_known.id is null then
    v_outcome := 'unknown_channel';
    perform public.adopt_unknown_channel(v_known.user_id, p_calendar_id, p_channel_id, p_resource_id, p_expires_at);
  elsif v_known.repeated then
    v_outcome := 'duplicate';
  elsif v_known.status not in ('pending', 'active') then
    v_outcome := 'retired_channel';
    perform public.stop_again(v_known.user_id, v_known.id, p_resource_id);
  else
    v_outcome := case p_resource_state when 'sync' then 'confirmed' else 'accepted' end;
    if v_known.status = 'pending' then
      perform public.activate_subscription(v_known.user_id, v_known.id, p_channel_id, p_resource_id, p_expires_at);
    end if;
  end if;

  insert into public.webhook_notifications
    (user_id, calendar_id, channel_id, resource_state, message_number, outcome, received_at)
  values (v_known.user_id, p_calendar_id, p_channel_id, p_resource_state, p_message_number, v_outcome, v_now);

  -- News from a channel we no longer want is news all the same.
  if v_outcome <> 'duplicate' and p_resource_state <> 'sync' then
    perform public.make_due(v_known.user_id, p_calendar_id, 'webhook', case v_outcome when 'accepted' then v_now end);
  end if;
  return query select v_outcome;
end
$$;
comment on function public.record_notification is 'Records a verified webhook notification and makes its calendar due';

revoke execute on function public.record_notification from public, anon, authenticated;
grant execute on function public.record_notification to service_role;
