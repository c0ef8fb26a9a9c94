-- A page of sealed credentials, to be sealed anew with the newest key; p_after_* is the last account of the page before.
-- Definer, as sealed_credentials.
create function public.credentials_to_reseal(p_limit integer, p_after_user_id uuid default null, p_after_account_id uuid default null)
returns table (user_id uuid, account_id uuid, sealed text)
language sql stable security definer set search_path = '' as $$
  select c.user_id, c.account_id, c.sealed from calsync_private.account_credentials c
  where p_after_user_id is null or (c.user_id, c.account_id) > (p_after_user_id, p_after_account_id)
  order by c.user_id, c.account_id
  limit p_limit
$$;
comment on function public.credentials_to_reseal is 'A page of sealed credentials of all accounts, in the order of their keys';

-- Compare and set: where a sync stored rotated credentials meanwhile, nothing happens, and the caller looks again.
create function public.reseal_credentials(p_user_id uuid, p_account_id uuid, p_before text, p_sealed text,
                                          p_actor text default 'cli')
returns table (resealed boolean, sealed text) language plpgsql security definer set search_path = '' as $$
begin
  update calsync_private.account_credentials c set sealed = p_sealed, updated_at = public.calsync_now()
  where c.user_id = p_user_id and c.account_id = p_account_id and c.sealed = p_before;
  if found then
    perform public.write_audit(p_user_id, p_actor, 'credentials.reseal', p_account_id::text);
  end if;
  return query
  select c.sealed = p_sealed, c.sealed from calsync_private.account_credentials c
  where c.user_id = p_user_id and c.account_id = p_account_id;
end
$$;
comment on function public.reseal_credentials is 'Replaces sealed credentials if they are still these; gives what is there now';

-- How many accounts have credentials: what a rotation of keys has before it.
create function public.count_credentials()
returns table (accounts bigint) language sql stable security definer set search_path = '' as $$
  select count(*) from calsync_private.account_credentials
$$;
comment on function public.count_credentials is 'How many accounts have credentials';

revoke execute on function public.credentials_to_reseal from public, anon, authenticated;
grant execute on function public.credentials_to_reseal to service_role;
revoke execute on function public.reseal_credentials from public, anon, authenticated;
grant execute on function public.reseal_credentials to service_role;
revoke execute on function public.count_credentials from public, anon, authenticated;
grant execute on function public.count_credentials to service_role;
