-- The one durable call behind a POST of Graph, which may bring notifications of several subscriptions.
-- The caller has verified each clientState already. p_items: [{"calendar_id", "subscription_id" (our row),
-- "channel_id" (Graph's subscription), "resource_id", "state", "message_number", "expires_at"}].
-- Calendars are taken in the order of their ids: two such calls never wait for each other.
create function public.record_microsoft_notifications(p_items jsonb)
returns table (calendar_id uuid, channel_id text, outcome text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_calendar record;
  v_item record;
  v_outcomes text[];
begin
  for v_calendar in
    select c.user_id, i.calendar_id, jsonb_agg(i.item order by i.position) as items
    from (select (e.item ->> 'calendar_id')::uuid as calendar_id, e.item, e.position
          from jsonb_array_elements(p_items) with ordinality e (item, position)) i
    left join public.calendars c on c.id = i.calendar_id
    group by c.user_id, i.calendar_id
    order by i.calendar_id
  loop
    v_outcomes := '{}';
    for v_item in
      select * from jsonb_to_recordset(v_calendar.items) as i (subscription_id uuid, channel_id text,
        resource_id text, state text, message_number bigint, expires_at timestamptz)
    loop
      calendar_id := v_calendar.calendar_id;
      channel_id := v_item.channel_id;
      outcome := case when v_calendar.user_id is null then 'calendar_gone'
        else public.record_microsoft_notification(v_calendar.user_id, v_calendar.calendar_id, v_item.subscription_id,
          v_item.channel_id, v_item.resource_id, v_item.state, v_item.message_number, v_item.expires_at) end;
      v_outcomes := v_outcomes || outcome;
      return next;
    end loop;
    -- News from a subscription we no longer want is news all the same.
    if v_outcomes && array['accepted', 'retired_channel', 'unknown_channel'] then
      perform public.make_due(v_calendar.user_id, v_calendar.calendar_id, 'webhook',
        case when 'accepted' = any (v_outcomes) then public.calsync_now() end);
    end if;
  end loop;
end
$$;
comment on function public.record_microsoft_notifications is 'Records verified Graph notifications and makes their calendars due';

-- Internal: one of them. The subscription is known by Graph's id, or, while its answer is under way, by the
-- row that the clientState names. Lifecycle events carry no id, so a repeated one is just acted upon again.
create function public.record_microsoft_notification(p_user_id uuid, p_calendar_id uuid, p_subscription_id uuid,
  p_channel_id text, p_resource_id text, p_state text, p_message_number bigint, p_expires_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_is_news constant boolean := p_state in ('exists', 'not_exists');
  v_sub public.webhook_subscriptions;
  v_outcome text;
begin
  select s.* into v_sub from public.webhook_subscriptions s
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id
    and (s.channel_id = p_channel_id or (s.id = p_subscription_id and s.status in ('pending', 'active')))
  order by s.channel_id = p_channel_id desc
  limit 1;

  if v_sub.id is null then
    v_outcome := 'unknown_channel';
    perform public.adopt_unknown_channel(p_user_id, p_calendar_id, p_channel_id, p_resource_id, p_expires_at);
  elsif v_is_news and exists (
      select 1 from public.webhook_notifications n
      where n.channel_id = p_channel_id and n.message_number = p_message_number and n.user_id = p_user_id) then
    v_outcome := 'duplicate';
  elsif v_sub.status not in ('pending', 'active') then
    v_outcome := 'retired_channel';
    perform public.stop_again(p_user_id, v_sub.id, p_resource_id);
  else
    v_outcome := case when v_is_news then 'accepted' else 'reacted' end;
    if v_sub.status = 'pending' then
      perform public.activate_subscription(p_user_id, v_sub.id, p_channel_id, p_resource_id, p_expires_at);
    end if;
    if not v_is_news then
      perform public.react_to_lifecycle(p_user_id, p_calendar_id, v_sub.id, p_state);
    end if;
  end if;

  insert into public.webhook_notifications
    (user_id, calendar_id, channel_id, resource_state, message_number, outcome, received_at)
  values (p_user_id, p_calendar_id, p_channel_id, p_state, p_message_number, v_outcome, v_now);
  return v_outcome;
end
$$;
comment on function public.record_microsoft_notification is 'Records one verified Graph notification';

-- Internal: what Graph says about a subscription itself. It wants to be reauthorized (prolonging does both); it
-- is gone, to be made anew; or news was lost, to be read. None of this says that push works.
create function public.react_to_lifecycle(p_user_id uuid, p_calendar_id uuid, p_id uuid, p_event text)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  if p_event = 'subscription_removed' then
    update public.webhook_subscriptions
    set status = 'stopped', ended_at = v_now, error_code = p_event, updated_at = v_now
    where user_id = p_user_id and id = p_id;
  end if;
  if p_event <> 'missed' then
    update public.calendar_sync_states set subscription_due_at = least(subscription_due_at, v_now)
    where user_id = p_user_id and calendar_id = p_calendar_id and subscription_due_at <> 'infinity';
  end if;
  if p_event <> 'reauthorization_required' then
    perform public.make_due(p_user_id, p_calendar_id, 'webhook');
  end if;
end
$$;
comment on function public.react_to_lifecycle is 'active → stopped where Graph removed it; prolongs, makes anew or reads as the event asks';

revoke execute on function public.record_microsoft_notifications from public, anon, authenticated;
grant execute on function public.record_microsoft_notifications to service_role;
revoke execute on function public.record_microsoft_notification from public, anon, authenticated;
grant execute on function public.record_microsoft_notification to service_role;
revoke execute on function public.react_to_lifecycle from public, anon, authenticated;
grant execute on function public.react_to_lifecycle to service_role;
