-- A person disconnects an account. From this moment nothing is read any more: a running sync loses its lease. Its
-- webhook subscriptions retire; upkeep stops them, has its busy blocks removed, gives access back. Idempotent.
create function public.disconnect_account(p_user_id uuid, p_account_id uuid, p_actor text default 'cli',
                                          p_request_id text default null)
returns table (status text) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_status text;
begin
  select a.status into v_status from public.calendar_accounts a
  where a.user_id = p_user_id and a.id = p_account_id for update;
  if not found then
    raise exception 'account % does not exist', p_account_id using errcode = 'CS002';
  end if;
  if v_status in ('active', 'needs_reauth') then
    update public.calendar_accounts a set
      status = 'disconnecting', status_reason = case v_status when 'active' then 'asked' else 'access_lost' end,
      disconnecting_since = v_now, disconnect_due_at = v_now, disconnect_attempts = 0, updated_at = v_now
    where a.user_id = p_user_id and a.id = p_account_id;
    perform public.park_account(p_user_id, p_account_id);
    perform public.write_audit(p_user_id, p_actor, 'account.disconnect', p_account_id::text, p_request_id);
    v_status := 'disconnecting';
  end if;
  return query select v_status;
end
$$;
comment on function public.disconnect_account is 'active, needs_reauth → disconnecting; idempotent';

-- Internal: the calendars of an account leave the queue, its subscriptions retire, its alerts are closed.
create function public.park_account(p_user_id uuid, p_account_id uuid)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  update public.calendar_sync_states s set
    due_at = 'infinity', subscription_due_at = 'infinity', attempts = 0, dead_at = null, not_before = null,
    lease_token = s.lease_token + 1, lease_holder = null, lease_expires_at = null, updated_at = v_now
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and s.user_id = c.user_id and s.calendar_id = c.id;
  update public.calendar_sync_logs l set status = 'abandoned', finished_at = v_now, error_code = 'disconnected'
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id
    and l.user_id = c.user_id and l.calendar_id = c.id and l.status = 'running';
  update public.webhook_subscriptions w set
    status = 'retiring', retired_at = coalesce(w.retired_at, v_now), stop_due_at = v_now, stop_attempts = 0, updated_at = v_now
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and w.user_id = c.user_id and w.calendar_id = c.id
    and w.status in ('pending', 'active', 'retiring');
  update public.calendar_alerts al set resolved_at = v_now, resolved_by = 'disconnected'
  where al.user_id = p_user_id and al.account_id = p_account_id and al.resolved_at is null;
end
$$;
comment on function public.park_account is 'Nothing is read for this account any more';

-- Internal: whether a webhook subscription is still to be stopped. One that the provider refused to stop six
-- times, or whose id is not known after two minutes, is left to run out: access is not kept for its sake.
create function public.has_channels(p_user_id uuid, p_account_id uuid)
returns boolean language sql stable set search_path = '' as $$
  select exists (
    select 1 from public.calendars c
    join public.webhook_subscriptions w on w.user_id = c.user_id and w.calendar_id = c.id and w.status = 'retiring'
    where c.user_id = p_user_id and c.account_id = p_account_id
      and coalesce(w.expires_at > public.calsync_now(), true)
      and case when w.resource_id is null then w.retired_at > public.calsync_now() - interval '2 minutes'
               else w.stop_attempts < 6 end)
$$;
comment on function public.has_channels is 'Whether subscriptions of an account wait to be stopped';

-- Takes accounts whose access is to be given back now: channels are stopped, and blocks are gone (or were waited
-- for a day). Others are looked at again in two seconds; a taken one, should its worker die, in two minutes.
create function public.claim_due_disconnections(p_limit integer, p_account_id uuid default null)
returns table (user_id uuid, account_id uuid, provider text, sealed text, attempts integer)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_account public.calendar_accounts;
  v_waits boolean;
begin
  for v_account in
    select a.* from public.calendar_accounts a
    where a.disconnect_due_at <= v_now and a.status = 'disconnecting' and (p_account_id is null or a.id = p_account_id)
    order by a.disconnect_due_at limit p_limit for update skip locked
  loop
    v_waits := (v_account.status_reason <> 'access_lost' and public.has_channels(v_account.user_id, v_account.id))
      or (v_account.disconnecting_since > v_now - interval '1 day'
          and public.remove_blocks_of_account(v_account.user_id, v_account.id) > 0);
    update public.calendar_accounts a
    set disconnect_due_at = v_now + case when v_waits then interval '2 seconds' else interval '2 minutes' end
    where a.user_id = v_account.user_id and a.id = v_account.id;
    if not v_waits then
      return query select v_account.user_id, v_account.id, v_account.provider,
        public.sealed_credentials(v_account.user_id, v_account.id), v_account.disconnect_attempts;
    end if;
  end loop;
end
$$;
comment on function public.claim_due_disconnections is 'Accounts whose access is to be given back now';

-- Giving access back failed: later again.
create function public.postpone_disconnection(p_user_id uuid, p_account_id uuid, p_delay_seconds double precision)
returns void language sql set search_path = '' as $$
  update public.calendar_accounts set
    disconnect_due_at = public.calsync_now() + make_interval(secs => p_delay_seconds),
    disconnect_attempts = disconnect_attempts + 1, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_account_id and status = 'disconnecting'
$$;
comment on function public.postpone_disconnection is 'Another attempt to give access back, later';

-- Access was given back (or could not be; p_outcome says so): credentials and mirror go, in one transaction. The
-- calendars stay with their settings, so that a reconnected account goes on as it was, from a full sync.
create function public.settle_disconnection(p_user_id uuid, p_account_id uuid, p_outcome text)
returns void language plpgsql set search_path = '' as $$
begin
  update public.calendar_accounts a set
    status = 'disconnected', status_reason = p_outcome, disconnecting_since = null, disconnect_due_at = null,
    scopes = '{}', updated_at = public.calsync_now()
  where a.user_id = p_user_id and a.id = p_account_id and a.status = 'disconnecting';
  if not found then
    return;
  end if;
  perform public.forget_credentials(p_user_id, p_account_id);
  delete from public.calendar_events e using public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and e.user_id = c.user_id and e.calendar_id = c.id;
  delete from public.refused_events r using public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and r.user_id = c.user_id and r.calendar_id = c.id;
  update public.calendar_sync_states s set
    sync_token = null, page_token = null, full_sync_id = null, due_reason = 'initial', updated_at = public.calsync_now()
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id and s.user_id = c.user_id and s.calendar_id = c.id;
end
$$;
comment on function public.settle_disconnection is 'disconnecting → disconnected: credentials and mirror are gone';

-- Internal. Definer: the service role itself may not touch the table.
create function public.forget_credentials(p_user_id uuid, p_account_id uuid)
returns void language sql security definer set search_path = '' as $$
  delete from calsync_private.account_credentials c where c.user_id = p_user_id and c.account_id = p_account_id
$$;
comment on function public.forget_credentials is 'Deletes the credentials of an account';

revoke execute on function public.disconnect_account from public, anon, authenticated;
grant execute on function public.disconnect_account to service_role;
revoke execute on function public.park_account from public, anon, authenticated;
grant execute on function public.park_account to service_role;
revoke execute on function public.has_channels from public, anon, authenticated;
grant execute on function public.has_channels to service_role;
revoke execute on function public.claim_due_disconnections from public, anon, authenticated;
grant execute on function public.claim_due_disconnections to service_role;
revoke execute on function public.postpone_disconnection from public, anon, authenticated;
grant execute on function public.postpone_disconnection to service_role;
revoke execute on function public.settle_disconnection from public, anon, authenticated;
grant execute on function public.settle_disconnection to service_role;
revoke execute on function public.forget_credentials from public, anon, authenticated;
grant execute on function public.forget_credentials to service_role;
