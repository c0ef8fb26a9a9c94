-- Finds people by an e-mail: their own, or that of an account they connected. Definer: auth.users is not
-- readable by the service role everywhere.
create function public.find_people(p_email text)
returns table (user_id uuid) language sql stable security definer set search_path = '' as $$
  select u.id from auth.users u where lower(u.email) = lower(p_email)
  union
  select a.user_id from public.calendar_accounts a where lower(a.email) = lower(p_email)
$$;
comment on function public.find_people is 'People with this e-mail, or with an account of this e-mail';

revoke execute on function public.find_people from public, anon, authenticated;
grant execute on function public.find_people to service_role;
