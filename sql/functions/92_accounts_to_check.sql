-- What calsync doctor needs to sign in to every account that should work.
create function public.accounts_to_check()
returns table (user_id uuid, account_id uuid, provider text, email text, sealed text)
language sql stable set search_path = '' as $$
  select a.user_id, a.id, a.provider, coalesce(a.email, a.provider_account_id), public.sealed_credentials(a.user_id, a.id)
  from public.calendar_accounts a where a.status = 'active' order by a.provider, a.email
$$;
comment on function public.accounts_to_check is 'Active accounts with their sealed credentials';

revoke execute on function public.accounts_to_check from public, anon, authenticated;
grant execute on function public.accounts_to_check to service_role;
