-- Connects an account, or reconnects one that lost access: credentials, status, and everything due at once.
-- An account belongs to one person: CS004 where another has connected it, CS005 while it is being disconnected.
create function public.connect_account(p_user_id uuid, p_provider text, p_provider_account_id text, p_email text,
                                       p_scopes jsonb, p_sealed text, p_actor text default 'cli',
                                       p_request_id text default null)
returns table (account_id uuid) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_id uuid;
begin
  perform public.require_own_account(p_user_id, p_provider, p_provider_account_id);
  insert into public.calendar_accounts as a (user_id, provider, provider_account_id, email, scopes)
  values (p_user_id, p_provider, p_provider_account_id, p_email, array(select jsonb_array_elements_text(p_scopes)))
  on conflict (user_id, provider, provider_account_id) do update set
    status = 'active', status_reason = null, email = excluded.email, scopes = excluded.scopes,
    blocked_until = null, quota_strikes = 0, discovery_due_at = v_now, updated_at = v_now
  returning a.id into v_id;
  perform public.store_credentials(p_user_id, v_id, p_sealed);
  update public.calendar_sync_states s set due_at = v_now, subscription_due_at = v_now, attempts = 0, not_before = null
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = v_id and c.removed_at is null and c.sync_enabled
    and s.user_id = c.user_id and s.calendar_id = c.id;
  update public.calendar_alerts set resolved_at = v_now, resolved_by = 'reconnected'
  where user_id = p_user_id and account_id = v_id and kind = 'access_lost' and resolved_at is null;
  perform public.write_audit(p_user_id, p_actor, 'account.connect', v_id::text, p_request_id,
                             jsonb_build_object('provider', p_provider));
  perform pg_notify('calsync_due', '');
  return query select v_id;
end
$$;
comment on function public.connect_account is 'Connects or reconnects an account; discovery, subscriptions and syncs become due';

-- Internal: refuses an account that another person has connected, or that is being disconnected. The lock holds
-- until the account is there: of two people at once, the second is refused.
create function public.require_own_account(p_user_id uuid, p_provider text, p_provider_account_id text)
returns void language plpgsql set search_path = '' as $$
declare
  v_taken boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_provider || ' ' || p_provider_account_id, 0));
  select a.user_id <> p_user_id into v_taken from public.calendar_accounts a
  where a.provider_account_id = p_provider_account_id and a.provider = p_provider
    and (a.status <> 'disconnected' and a.user_id <> p_user_id or a.status = 'disconnecting')
  order by a.user_id <> p_user_id desc limit 1;
  if v_taken then
    raise exception 'another person has connected this account' using errcode = 'CS004',
      hint = 'Let them disconnect it first.';
  elsif found then
    raise exception 'this account is being disconnected' using errcode = 'CS005', hint = 'Try again in a minute.';
  end if;
end
$$;
comment on function public.require_own_account is 'CS004 where another person has the account, CS005 while it is being disconnected';

-- A provider rotated its refresh token, or the sealing key changed. An account that was disconnected keeps nothing.
create function public.store_credentials(p_user_id uuid, p_account_id uuid, p_sealed text)
returns void language sql security definer set search_path = '' as $$
  insert into calsync_private.account_credentials (user_id, account_id, sealed)
  select a.user_id, a.id, p_sealed from public.calendar_accounts a
  where a.user_id = p_user_id and a.id = p_account_id and a.status <> 'disconnected'
  on conflict (user_id, account_id) do update set sealed = excluded.sealed, updated_at = public.calsync_now()
$$;
comment on function public.store_credentials is 'Stores sealed credentials';

-- Takes accounts whose list of calendars is to be read. Five minutes later another may try.
create function public.claim_due_accounts(p_limit integer, p_user_id uuid default null)
returns table (user_id uuid, account_id uuid, provider text, sealed text, now timestamptz)
language sql set search_path = '' as $$
  with due as (
    select a.user_id, a.id from public.calendar_accounts a
    where a.status = 'active' and a.discovery_due_at <= public.calsync_now()
      and (p_user_id is null or a.user_id = p_user_id)
      and (a.blocked_until is null or a.blocked_until <= public.calsync_now())
      and not exists (select 1 from calsync_private.provider_circuits p
                      where p.provider = a.provider and p.open_until > public.calsync_now())
    order by a.discovery_due_at limit p_limit
    for update skip locked
  )
  update public.calendar_accounts a set discovery_due_at = public.calsync_now() + interval '5 minutes'
  from due d where a.user_id = d.user_id and a.id = d.id
  returning a.user_id, a.id, a.provider, public.sealed_credentials(a.user_id, a.id), public.calsync_now()
$$;
comment on function public.claim_due_accounts is 'Accounts whose calendars are to be discovered now';

-- The list of calendars as the provider gives it: new ones are synced and subscribed at once, ones that
-- are gone are marked (their mirror is kept), unless the whole list vanished.
create function public.settle_discovery(p_user_id uuid, p_account_id uuid, p_calendars jsonb, p_next_seconds double precision)
returns table (found integer, added integer, removed integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_added integer;
  v_removed integer := 0;
begin
  with listed as (
    select * from jsonb_to_recordset(p_calendars) as l
      (provider_calendar_id text, name text, time_zone text, access_role text, is_primary boolean)
  )
  insert into public.calendars as c (user_id, account_id, provider_calendar_id, name, time_zone, access_role, is_primary)
  select p_user_id, p_account_id, l.provider_calendar_id, l.name, l.time_zone, l.access_role, l.is_primary from listed l
  on conflict (user_id, account_id, provider_calendar_id) do update set
    name = excluded.name, time_zone = excluded.time_zone, access_role = excluded.access_role,
    is_primary = excluded.is_primary, removed_at = null, updated_at = v_now
  where (c.name, c.time_zone, c.access_role, c.is_primary, c.removed_at) is distinct from
    (excluded.name, excluded.time_zone, excluded.access_role, excluded.is_primary, null);

  insert into public.calendar_sync_states (user_id, calendar_id, push)
  select c.user_id, c.id, case when a.provider = 'caldav' or c.access_role = 'free_busy' then 'unsupported' else 'wanted' end
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  where c.user_id = p_user_id and c.account_id = p_account_id
  on conflict do nothing;
  get diagnostics v_added = row_count;

  if jsonb_array_length(p_calendars) > 0 then
    with gone as (
      update public.calendars c set removed_at = v_now, updated_at = v_now
      where c.user_id = p_user_id and c.account_id = p_account_id and c.removed_at is null
        and not exists (select 1 from jsonb_array_elements(p_calendars) l
                        where l ->> 'provider_calendar_id' = c.provider_calendar_id)
      returning c.id
    )
    select count(*) into v_removed from gone;
  end if;
  update public.calendar_accounts a set discovered_at = v_now,
    discovery_due_at = v_now + make_interval(secs => p_next_seconds), updated_at = v_now
  where a.user_id = p_user_id and a.id = p_account_id;
  if v_added > 0 then
    perform pg_notify('calsync_due', '');
  end if;
  return query select jsonb_array_length(p_calendars), v_added, v_removed;
end
$$;
comment on function public.settle_discovery is 'Takes over the provider''s list of calendars';

-- Discovery failed: later again, or the account waits for its person.
create function public.fail_discovery(p_user_id uuid, p_account_id uuid, p_failure text,
                                      p_delay_seconds double precision, p_error_code text)
returns void language plpgsql set search_path = '' as $$
declare
  v_until constant timestamptz := public.calsync_now() + make_interval(secs => p_delay_seconds);
begin
  if p_failure = 'reauthorize' then
    perform public.require_reauthorization(p_user_id, p_account_id, p_error_code);
  elsif p_failure = 'quota' then
    perform public.block_account(p_user_id, p_account_id, v_until);
  end if;
  update public.calendar_accounts set discovery_due_at = v_until where user_id = p_user_id and id = p_account_id;
end
$$;
comment on function public.fail_discovery is 'Reading the list of calendars failed: when to try again';

revoke execute on function public.connect_account from public, anon, authenticated;
grant execute on function public.connect_account to service_role;
revoke execute on function public.require_own_account from public, anon, authenticated;
grant execute on function public.require_own_account to service_role;
revoke execute on function public.store_credentials from public, anon, authenticated;
grant execute on function public.store_credentials to service_role;
revoke execute on function public.claim_due_accounts from public, anon, authenticated;
grant execute on function public.claim_due_accounts to service_role;
revoke execute on function public.settle_discovery from public, anon, authenticated;
grant execute on function public.settle_discovery to service_role;
revoke execute on function public.fail_discovery from public, anon, authenticated;
grant execute on function public.fail_discovery to service_role;
