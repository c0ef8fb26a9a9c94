-- Lists of the API: a page of one person's rows, in an order that no insert disturbs. The rows after the one
-- that p_after_* name; without them, the first page.
create function public.list_accounts(p_user_id uuid, p_limit integer, p_after_created_at timestamptz default null,
                                     p_after_id uuid default null)
returns setof public.calendar_accounts language sql stable set search_path = '' as $$
  select a.* from public.calendar_accounts a
  where a.user_id = p_user_id
    and (p_after_id is null or (a.created_at, a.id) > (p_after_created_at, p_after_id))
  order by a.created_at, a.id
  limit p_limit
$$;
comment on function public.list_accounts is 'A page of the accounts of a person, oldest first';

create function public.list_sync_logs(p_user_id uuid, p_limit integer, p_calendar_id uuid default null,
                                      p_after_created_at timestamptz default null, p_after_id uuid default null)
returns setof public.calendar_sync_logs language sql stable set search_path = '' as $$
  select l.* from public.calendar_sync_logs l
  where l.user_id = p_user_id and (p_calendar_id is null or l.calendar_id = p_calendar_id)
    and (p_after_id is null or (l.created_at, l.id) < (p_after_created_at, p_after_id))
  order by l.created_at desc, l.id desc
  limit p_limit
$$;
comment on function public.list_sync_logs is 'A page of the syncs of a person, newest first';

revoke execute on function public.list_accounts from public, anon, authenticated;
grant execute on function public.list_accounts to service_role;
revoke execute on function public.list_sync_logs from public, anon, authenticated;
grant execute on function public.list_sync_logs to service_role;
