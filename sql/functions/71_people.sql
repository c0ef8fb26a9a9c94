-- Finds a person by e-mail. On a plain Postgres, where nobody else makes people, an unknown one is
-- added; with Supabase Auth people sign up there. Definer: auth.users is not the service role's to read.
create function public.find_or_add_person(p_email text)
returns table (user_id uuid) language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  select u.id into v_id from auth.users u where lower(u.email) = lower(p_email);
  if v_id is null and exists (
      select 1 from information_schema.columns
      where table_schema = 'auth' and table_name = 'users' and column_name = 'encrypted_password') then
    raise exception 'no person with the e-mail % in Supabase Auth', p_email using errcode = 'CS002',
      hint = 'Let them sign up there first.';
  elsif v_id is null then
    insert into auth.users (email) values (lower(p_email)) returning id into v_id;
  end if;
  return query select v_id;
end
$$;
comment on function public.find_or_add_person is 'The person with this e-mail; added where no Supabase Auth is in charge';

revoke execute on function public.find_or_add_person from public, anon, authenticated;
grant execute on function public.find_or_add_person to service_role;
