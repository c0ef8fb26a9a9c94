-- A person turns real-time sync of their calendars (or of one) off: subscriptions retire, and the calendars are
-- polled from now on. What the provider cannot do stays as it is.
create function public.turn_push_off(p_user_id uuid, p_calendar_id uuid, p_actor text, p_request_id text)
returns table (calendar_id uuid, push text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_id uuid;
begin
  perform public.require_calendar(p_user_id, p_calendar_id);
  for v_id in
    select s.calendar_id from public.calendar_sync_states s
    where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and s.push in ('wanted', 'given_up')
    order by s.calendar_id for update
  loop
    perform public.give_push_up(p_user_id, v_id, 'turned_off');
    perform public.make_due(p_user_id, v_id, 'polling');
    perform public.write_audit(p_user_id, p_actor, 'push.turned_off', v_id::text, p_request_id);
  end loop;
  return query select s.calendar_id, s.push from public.calendar_sync_states s
  where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id) order by s.calendar_id;
end
$$;
comment on function public.turn_push_off is 'wanted, given_up → turned_off: subscriptions retire, polling takes over';

-- And on again, also where push had been given up: a subscription is due at once, as it is wherever one is missing.
create function public.turn_push_on(p_user_id uuid, p_calendar_id uuid, p_actor text, p_request_id text)
returns table (calendar_id uuid, push text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_id uuid;
begin
  perform public.require_calendar(p_user_id, p_calendar_id);
  for v_id in
    update public.calendar_sync_states s set push = 'wanted', webhook_failures = 0,
      subscription_due_at = case when s.subscription_due_at = 'infinity' then s.subscription_due_at else public.calsync_now() end
    where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and s.push in ('turned_off', 'given_up')
    returning s.calendar_id
  loop
    perform public.resolve_alerts(p_user_id, v_id, array['push_given_up']);
    perform public.write_audit(p_user_id, p_actor, 'push.turned_on', v_id::text, p_request_id);
  end loop;
  update public.calendar_sync_states s set subscription_due_at = public.calsync_now()
  where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    and s.push = 'wanted' and s.subscription_due_at > public.calsync_now() and s.subscription_due_at <> 'infinity'
    and not exists (select 1 from public.webhook_subscriptions w
                    where w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status in ('pending', 'active'));
  return query select s.calendar_id, s.push from public.calendar_sync_states s
  where s.user_id = p_user_id and (p_calendar_id is null or s.calendar_id = p_calendar_id) order by s.calendar_id;
end
$$;
comment on function public.turn_push_on is 'turned_off, given_up → wanted: a subscription is due at once';

-- Internal: a calendar that is named is the person's own.
create function public.require_calendar(p_user_id uuid, p_calendar_id uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if p_calendar_id is not null
     and not exists (select 1 from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id) then
    raise exception 'calendar % does not exist', p_calendar_id using errcode = 'CS002';
  end if;
end
$$;
comment on function public.require_calendar is 'Refuses a calendar that the person does not have';

revoke execute on function public.turn_push_off from public, anon, authenticated;
grant execute on function public.turn_push_off to service_role;
revoke execute on function public.turn_push_on from public, anon, authenticated;
grant execute on function public.turn_push_on to service_role;
revoke execute on function public.require_calendar from public, anon, authenticated;
grant execute on function public.require_calendar to service_role;
