-- A subscription works: the provider answered, or its first notification overtook the answer.
-- The one it replaces keeps delivering until it is stopped (overlap). Where nothing listened
-- before, the calendar is due once more: what changed in between was announced to nobody. Prolonged in
-- place (Graph), an active one stays; it may come back under a new channel id, if the old one was lost.
create function public.activate_subscription(p_user_id uuid, p_id uuid, p_channel_id text, p_resource_id text,
                                             p_expires_at timestamptz, p_renew_at timestamptz default null)
returns table (status text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_sub public.webhook_subscriptions;
  v_overlaps boolean;
begin
  select * into v_sub from public.webhook_subscriptions s where s.user_id = p_user_id and s.id = p_id for update;
  if not found then
    raise exception 'webhook subscription % does not exist', p_id using errcode = 'CS002';
  end if;
  -- Found at the provider and taken over: whichever row knew it before must not stop it any more.
  update public.webhook_subscriptions s
  set channel_id = s.id::text, status = case s.status when 'retiring' then 'stopped' else s.status end,
      ended_at = coalesce(s.ended_at, v_now), error_code = 'adopted', updated_at = v_now
  where s.user_id = p_user_id and s.calendar_id = v_sub.calendar_id and s.channel_id = p_channel_id and s.id <> p_id
    and s.status not in ('pending', 'active');
  if v_sub.status = 'active' and v_sub.channel_id <> p_channel_id then
    update public.webhook_subscriptions s set activated_at = v_now where s.user_id = p_user_id and s.id = p_id;
    perform public.make_due(p_user_id, v_sub.calendar_id, 'polling');
  elsif v_sub.status = 'pending' then
    with replaced as (
      update public.webhook_subscriptions s
      set status = 'retiring', retired_at = v_now, stop_due_at = v_now, updated_at = v_now
      where s.user_id = p_user_id and s.calendar_id = v_sub.calendar_id and s.status = 'active'
      returning s.expires_at
    )
    select exists (select 1 from replaced where expires_at > v_now) into v_overlaps;
    update public.webhook_subscriptions s set status = 'active', activated_at = v_now,
      expires_at = coalesce(p_expires_at, v_now + interval '7 days')
    where s.user_id = p_user_id and s.id = p_id;
    if not v_overlaps then
      perform public.make_due(p_user_id, v_sub.calendar_id, 'polling');
    end if;
  elsif v_sub.status <> 'active' then
    -- Overtaken by a newer subscription: it exists at the provider, so it must be stopped there.
    update public.webhook_subscriptions s
    set status = 'retiring', retired_at = v_now, stop_due_at = v_now, ended_at = null
    where s.user_id = p_user_id and s.id = p_id;
  end if;
  update public.webhook_subscriptions s
  set channel_id = p_channel_id, resource_id = coalesce(p_resource_id, s.resource_id),
      expires_at = coalesce(p_expires_at, s.expires_at),
      error_code = null, error_message = null, updated_at = v_now
  where s.user_id = p_user_id and s.id = p_id
  returning s.* into v_sub;
  if v_sub.status = 'active' then
    update public.calendar_sync_states set
      subscription_due_at = coalesce(p_renew_at, v_now + (v_sub.expires_at - v_now) * 0.75), updated_at = v_now
    where user_id = p_user_id and calendar_id = v_sub.calendar_id;
  end if;
  return query select v_sub.status;
end
$$;
comment on function public.activate_subscription is 'pending → active, retiring the subscription it replaces; idempotent; prolongs an active one';

revoke execute on function public.activate_subscription from public, anon, authenticated;
grant execute on function public.activate_subscription to service_role;
