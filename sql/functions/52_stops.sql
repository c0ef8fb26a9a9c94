-- Takes retiring subscriptions that are to be stopped at the provider. One whose resource id is not
-- known cannot be stopped; it is, as soon as a notification of its own tells the id, or it expires. p_account_id asks
-- for those of one account.
create function public.claim_due_stops(p_limit integer, p_account_id uuid default null)
returns table (user_id uuid, id uuid, account_id uuid, provider text, provider_calendar_id text, sealed text,
               channel_id text, resource_id text, stop_attempts integer)
language sql set search_path = '' as $$
  with taken as (
    select w.user_id, w.id
    from public.webhook_subscriptions w
    join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where w.status = 'retiring' and w.stop_due_at <= public.calsync_now() and w.resource_id is not null
      and a.status in ('active', 'disconnecting') and (p_account_id is null or a.id = p_account_id)
      and (a.blocked_until is null or a.blocked_until <= public.calsync_now())
    order by w.stop_due_at
    limit p_limit
    for update of w skip locked
  ), claimed as (
    update public.webhook_subscriptions w set stop_due_at = public.calsync_now() + interval '2 minutes'
    from taken t where w.user_id = t.user_id and w.id = t.id
    returning w.*
  )
  select w.user_id, w.id, c.account_id, a.provider, c.provider_calendar_id,
    public.sealed_credentials(w.user_id, c.account_id), w.channel_id, w.resource_id, w.stop_attempts
  from claimed w
  join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
$$;
comment on function public.claim_due_stops is 'Retiring webhook subscriptions that are to be stopped at the provider now';

-- The provider stopped it (or never knew it).
create function public.settle_stopped_subscription(p_user_id uuid, p_id uuid)
returns void language sql set search_path = '' as $$
  update public.webhook_subscriptions
  set status = 'stopped', ended_at = public.calsync_now(), updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_id and status = 'retiring'
$$;
comment on function public.settle_stopped_subscription is 'retiring → stopped';

-- It could not be stopped now; tried again later, until it expires by itself. Refused for good counts six times: the
-- end of an account does not wait for it any more (has_channels).
create function public.postpone_stop(p_user_id uuid, p_id uuid, p_delay_seconds double precision, p_error_code text,
                                     p_failure text default 'retry')
returns void language sql set search_path = '' as $$
  update public.webhook_subscriptions set
    stop_due_at = public.calsync_now() + make_interval(secs => p_delay_seconds),
    stop_attempts = stop_attempts + case when p_failure in ('reauthorize', 'give_up') then 6 else 1 end, error_code = p_error_code, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_id and status = 'retiring'
$$;
comment on function public.postpone_stop is 'Another attempt to stop a retiring webhook subscription, later';

-- What ran out is over. A calendar whose subscription lapsed unrenewed gets a new one at once, and is
-- read, since nobody announced what changed after the end.
create function public.expire_subscriptions()
returns table (expired integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_lapsed record;
  v_expired integer := 0;
begin
  for v_lapsed in
    with lapsed as (
      select w.user_id, w.id, w.status from public.webhook_subscriptions w
      where w.status in ('pending', 'active', 'retiring') and w.expires_at <= v_now
      for update skip locked
    )
    update public.webhook_subscriptions w set status = 'expired', ended_at = v_now, updated_at = v_now
    from lapsed l where w.user_id = l.user_id and w.id = l.id
    returning w.user_id, w.calendar_id, l.status = 'active' as was_active
  loop
    v_expired := v_expired + 1;
    if v_lapsed.was_active then
      update public.calendar_sync_states s set subscription_due_at = least(s.subscription_due_at, v_now)
      where s.user_id = v_lapsed.user_id and s.calendar_id = v_lapsed.calendar_id;
      perform public.make_due(v_lapsed.user_id, v_lapsed.calendar_id, 'polling');
    end if;
  end loop;
  return query select v_expired;
end
$$;
comment on function public.expire_subscriptions is 'active, pending, retiring → expired where the time ran out';

-- Renewal: subscriptions that end within the lead are due for a replacement now. Used by the 12-hour cron;
-- with p_user_id or p_calendar_id an operator asks, and push that was given up is tried again.
create function public.make_renewals_due(p_lead_seconds double precision, p_user_id uuid default null,
                                         p_calendar_id uuid default null)
returns table (due integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_asked constant boolean := p_user_id is not null or p_calendar_id is not null;
  v_due integer;
begin
  if v_asked then
    update public.calendar_sync_states s set push = 'wanted', webhook_failures = 0
    where s.push = 'given_up' and (p_user_id is null or s.user_id = p_user_id)
      and (p_calendar_id is null or s.calendar_id = p_calendar_id);
  end if;
  update public.calendar_sync_states s set subscription_due_at = v_now
  where s.push = 'wanted' and s.subscription_due_at > v_now and s.subscription_due_at <> 'infinity'
    and (p_user_id is null or s.user_id = p_user_id) and (p_calendar_id is null or s.calendar_id = p_calendar_id)
    and (v_asked or exists (
      select 1 from public.webhook_subscriptions w
      where w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status = 'active'
        and w.expires_at <= v_now + make_interval(secs => p_lead_seconds)));
  get diagnostics v_due = row_count;
  return query select v_due;
end
$$;
comment on function public.make_renewals_due is 'Makes webhook subscriptions due for renewal that end within the lead, or that an operator names';

revoke execute on function public.claim_due_stops from public, anon, authenticated;
grant execute on function public.claim_due_stops to service_role;
revoke execute on function public.settle_stopped_subscription from public, anon, authenticated;
grant execute on function public.settle_stopped_subscription to service_role;
revoke execute on function public.postpone_stop from public, anon, authenticated;
grant execute on function public.postpone_stop to service_role;
revoke execute on function public.expire_subscriptions from public, anon, authenticated;
grant execute on function public.expire_subscriptions to service_role;
revoke execute on function public.make_renewals_due from public, anon, authenticated;
grant execute on function public.make_renewals_due to service_role;
