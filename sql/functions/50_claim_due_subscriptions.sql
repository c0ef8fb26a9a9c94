-- Takes calendars whose push subscription is to be made, renewed or repaired. The pending row is written
-- here, before the provider is asked. Its due time moves two minutes ahead, so that a worker that
-- dies is followed by another; a pending row it left behind is retired (or forgotten, where it never answered).
-- Microsoft lets no two overlap: the active row is given back with the id to prolong (renews), and none is opened.
create function public.claim_due_subscriptions(p_limit integer, p_user_id uuid default null, p_calendar_id uuid default null)
returns table (user_id uuid, calendar_id uuid, account_id uuid, provider text, provider_calendar_id text, sealed text,
               subscription_id uuid, renews text, webhook_failures integer, now timestamptz)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  return query
  with due as (
    select s.user_id, s.calendar_id, s.webhook_failures
    from public.calendar_sync_states s
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.subscription_due_at <= v_now and s.push = 'wanted'
      and (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
      and c.sync_enabled and c.removed_at is null and a.status = 'active' and a.provider <> 'caldav'
      and (a.blocked_until is null or a.blocked_until <= v_now)
      and not exists (select 1 from calsync_private.provider_circuits p
                      where p.provider = a.provider and p.open_until > v_now)
    order by s.subscription_due_at
    limit p_limit
    for update of s skip locked
  ), taken as (
    update public.calendar_sync_states s set subscription_due_at = v_now + interval '2 minutes'
    from due d where s.user_id = d.user_id and s.calendar_id = d.calendar_id
    returning s.user_id, s.calendar_id, s.webhook_failures
  ), left_behind as (
    update public.webhook_subscriptions w set
      status = case when w.resource_id is null then 'failed' else 'retiring' end,
      error_code = 'unanswered', updated_at = v_now, retired_at = v_now, stop_due_at = v_now,
      ended_at = case when w.resource_id is null then v_now end
    from taken t
    where w.user_id = t.user_id and w.calendar_id = t.calendar_id and w.status = 'pending'
    returning w.user_id
  ), opened as (
    select t.*, gen_random_uuid() as subscription_id, (select count(*) from left_behind) as left_behind
    from taken t
  ), prolonged as (
    select w.user_id, w.calendar_id, w.id, w.channel_id
    from taken t
    join public.calendars c on c.user_id = t.user_id and c.id = t.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id and a.provider = 'microsoft'
    join public.webhook_subscriptions w
      on w.user_id = t.user_id and w.calendar_id = t.calendar_id and w.status = 'active'
  )
  select o.user_id, o.calendar_id, c.account_id, a.provider, c.provider_calendar_id,
    public.sealed_credentials(o.user_id, c.account_id),
    coalesce(w.id, public.open_subscription(o.user_id, o.calendar_id, o.subscription_id)), w.channel_id,
    o.webhook_failures, v_now
  from opened o
  left join prolonged w on w.user_id = o.user_id and w.calendar_id = o.calendar_id
  join public.calendars c on c.user_id = o.user_id and c.id = o.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id;
end
$$;
comment on function public.claim_due_subscriptions is 'Opens pending webhook subscriptions where one is to be made, renewed or repaired';

-- Internal: the pending row, written before the provider is asked; its id is the channel id we propose.
create function public.open_subscription(p_user_id uuid, p_calendar_id uuid, p_id uuid)
returns uuid language sql set search_path = '' as $$
  insert into public.webhook_subscriptions (user_id, id, calendar_id, channel_id, status)
  values (p_user_id, p_id, p_calendar_id, p_id::text, 'pending')
  returning id
$$;
comment on function public.open_subscription is 'Writes a pending webhook subscription';

revoke execute on function public.claim_due_subscriptions from public, anon, authenticated;
grant execute on function public.claim_due_subscriptions to service_role;
revoke execute on function public.open_subscription from public, anon, authenticated;
grant execute on function public.open_subscription to service_role;
