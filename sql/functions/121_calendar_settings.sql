-- A calendar's settings as its person wants them. Turned off, nothing is read and its subscriptions retire (the
-- mirror is kept); turned on, it is read and subscribed to at once.
create function public.set_sync_enabled(p_user_id uuid, p_calendar_id uuid, p_enabled boolean, p_actor text,
                                        p_request_id text)
returns table (sync_enabled boolean) language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  perform public.require_calendar(p_user_id, p_calendar_id);
  update public.calendars c set sync_enabled = p_enabled, updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.id = p_calendar_id and c.sync_enabled <> p_enabled;
  if found then
    if p_enabled then
      -- Its account may have been reconnected meanwhile, which brought back what was on.
      update public.calendar_sync_states s set subscription_due_at = public.calsync_now(),
        due_at = case when s.lease_expires_at > public.calsync_now() then s.due_at else public.calsync_now() end
      from public.calendars c
      join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id and a.status = 'active'
      where c.user_id = p_user_id and c.id = p_calendar_id and s.user_id = c.user_id and s.calendar_id = c.id;
      perform public.make_due(p_user_id, p_calendar_id, 'manual');
    else
      perform public.give_push_up(p_user_id, p_calendar_id, s.push) from public.calendar_sync_states s
      where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
    end if;
    perform public.write_audit(p_user_id, p_actor, 'settings.changed', p_calendar_id::text, p_request_id,
                               jsonb_build_object('sync_enabled', p_enabled));
  end if;
  return query select c.sync_enabled from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
end
$$;
comment on function public.set_sync_enabled is 'Turns the sync of a calendar on or off, and writes that down';

-- A person has a calendar read from the start.
create function public.ask_reset(p_user_id uuid, p_calendar_id uuid, p_actor text, p_request_id text)
returns table (calendar_id uuid) language plpgsql set search_path = '' as $$
begin
  perform public.reset_calendar(p_user_id, p_calendar_id, 'reset');
  perform public.write_audit(p_user_id, p_actor, 'calendar.reset', p_calendar_id::text, p_request_id);
  return query select p_calendar_id;
end
$$;
comment on function public.ask_reset is 'reset_calendar, and writes that down';

-- The provider lets an account in again that it had refused: its calendars come back into the queue.
create function public.restore_account(p_user_id uuid, p_account_id uuid, p_actor text, p_request_id text)
returns table (status text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
begin
  update public.calendar_accounts a set status = 'active', status_reason = null, discovery_due_at = v_now, updated_at = v_now
  where a.user_id = p_user_id and a.id = p_account_id and a.status = 'needs_reauth';
  if found then
    update public.calendar_sync_states s set due_at = v_now, subscription_due_at = v_now, attempts = 0, not_before = null
    from public.calendars c
    where c.user_id = p_user_id and c.account_id = p_account_id and c.removed_at is null and c.sync_enabled
      and s.user_id = c.user_id and s.calendar_id = c.id;
    update public.calendar_alerts x set resolved_at = v_now, resolved_by = 'success'
    where x.user_id = p_user_id and x.account_id = p_account_id and x.kind = 'access_lost' and x.resolved_at is null;
    perform public.write_audit(p_user_id, p_actor, 'account.restored', p_account_id::text, p_request_id);
    perform pg_notify('calsync_due', '');
  end if;
  return query select a.status from public.calendar_accounts a where a.user_id = p_user_id and a.id = p_account_id;
end
$$;
comment on function public.restore_account is 'needs_reauth → active, where the provider lets it in again';

-- What signing in to a person's lost accounts needs.
create function public.lost_accounts(p_user_id uuid)
returns table (user_id uuid, account_id uuid, provider text, sealed text) language sql stable set search_path = '' as $$
  select a.user_id, a.id, a.provider, public.sealed_credentials(a.user_id, a.id)
  from public.calendar_accounts a
  where a.user_id = p_user_id and a.status = 'needs_reauth'
  order by a.created_at
$$;
comment on function public.lost_accounts is 'Accounts of a person whose access was lost, with their credentials';

revoke execute on function public.set_sync_enabled from public, anon, authenticated;
grant execute on function public.set_sync_enabled to service_role;
revoke execute on function public.ask_reset from public, anon, authenticated;
grant execute on function public.ask_reset to service_role;
revoke execute on function public.restore_account from public, anon, authenticated;
grant execute on function public.restore_account to service_role;
revoke execute on function public.lost_accounts from public, anon, authenticated;
grant execute on function public.lost_accounts to service_role;
