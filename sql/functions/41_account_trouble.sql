-- Internal: quota trouble: the account waits, and nothing else follows from it.
create function public.block_account(p_user_id uuid, p_account_id uuid, p_until timestamptz)
returns void language sql set search_path = '' as $$
  update public.calendar_accounts set
    blocked_until = greatest(blocked_until, p_until), quota_strikes = quota_strikes + 1, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_account_id
$$;
comment on function public.block_account is 'No call for this account before p_until';

-- Access to an account was lost: its calendars leave the queue until the person reconnects.
create function public.require_reauthorization(p_user_id uuid, p_account_id uuid, p_reason text)
returns void language plpgsql set search_path = '' as $$
begin
  update public.calendar_accounts set status = 'needs_reauth', status_reason = p_reason, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_account_id and status = 'active';
  if not found then
    return;
  end if;
  update public.calendar_sync_states s set due_at = 'infinity', subscription_due_at = 'infinity'
  from public.calendars c
  where c.user_id = p_user_id and c.account_id = p_account_id
    and s.user_id = c.user_id and s.calendar_id = c.id and s.lease_holder is null;
  perform public.open_alert(p_user_id, p_account_id, null, 'access_lost', 'critical',
    format('Access to the account was lost (%s); the person must reconnect it: calsync connect', p_reason));
end
$$;
comment on function public.require_reauthorization is 'active → needs_reauth: the person must reconnect';

-- Internal: five failures in a row of a provider (network, 5xx) leave it alone for a minute, then two, up to half an hour.
create function public.trip_circuit(p_provider text)
returns void language sql set search_path = '' as $$
  insert into calsync_private.provider_circuits as c (provider, failures, updated_at)
  values (p_provider, 1, public.calsync_now())
  on conflict (provider) do update set
    failures = c.failures + 1, updated_at = public.calsync_now(),
    open_until = case when c.failures + 1 >= 5
      then public.calsync_now() + least(interval '30 minutes', interval '1 minute' * 2 ^ least((c.failures + 1) / 5 - 1, 6)) end
$$;
comment on function public.trip_circuit is 'Counts a provider failure; opens the circuit at every fifth in a row';

-- A delivery of writes met what concerns its whole account: quota trouble, or lost access.
create function public.note_account_trouble(p_user_id uuid, p_account_id uuid, p_failure text,
                                            p_delay_seconds double precision, p_reason text)
returns void language plpgsql set search_path = '' as $$
begin
  if p_failure = 'quota' then
    perform public.block_account(p_user_id, p_account_id, public.calsync_now() + make_interval(secs => p_delay_seconds));
  elsif p_failure = 'reauthorize' then
    perform public.require_reauthorization(p_user_id, p_account_id, p_reason);
  else
    raise exception 'unknown failure %', p_failure using errcode = 'CS003', hint = 'Use quota or reauthorize.';
  end if;
end
$$;
comment on function public.note_account_trouble is 'Quota: the account waits; lost access: the person must reconnect';

revoke execute on function public.block_account from public, anon, authenticated;
grant execute on function public.block_account to service_role;
revoke execute on function public.require_reauthorization from public, anon, authenticated;
grant execute on function public.require_reauthorization to service_role;
revoke execute on function public.trip_circuit from public, anon, authenticated;
grant execute on function public.trip_circuit to service_role;
revoke execute on function public.note_account_trouble from public, anon, authenticated;
grant execute on function public.note_account_trouble to service_role;
