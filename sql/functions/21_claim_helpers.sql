-- Internal: the sealed credentials of an account, for claims alone. Definer: no REST role may read the table.
create function public.sealed_credentials(p_user_id uuid, p_account_id uuid)
returns text language sql stable security definer set search_path = '' as $$
  select sealed from calsync_private.account_credentials where user_id = p_user_id and account_id = p_account_id
$$;
comment on function public.sealed_credentials is 'Sealed credentials of an account; only the service role may ask';

-- Internal: whether push can be relied on: an active subscription and few failures in a row.
create function public.is_listening(p_user_id uuid, p_calendar_id uuid, p_failures integer, p_now timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select p_failures < (public.calsync_limits()).suspend_after and exists (
    select 1 from public.webhook_subscriptions
    where user_id = p_user_id and calendar_id = p_calendar_id and status = 'active' and expires_at > p_now)
$$;
comment on function public.is_listening is 'Active subscription and fewer consecutive failures than suspend it';

revoke execute on function public.sealed_credentials from public, anon, authenticated;
grant execute on function public.sealed_credentials to service_role;
revoke execute on function public.is_listening from public, anon, authenticated;
grant execute on function public.is_listening to service_role;
