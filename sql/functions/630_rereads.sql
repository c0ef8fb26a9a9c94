-- Nothing is created in a calendar that was not read since the database was restarted or restored; where something
-- waits to be, the calendar is read now. A calendar that fails is tried again by itself.
create function public.make_rereads_due()
returns table (due integer) language sql set search_path = '' as $$
  with unread as materialized (
    select s.user_id, s.calendar_id from public.calendars_with_writes(public.calsync_now()) w
    join public.calendar_sync_states s on s.user_id = w.user_id and s.calendar_id = w.calendar_id
    join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
    join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
    where s.read_epoch is distinct from public.calsync_epoch() and s.due_at > public.calsync_now()
      and s.lease_holder is null and s.attempts = 0 and c.sync_enabled and c.removed_at is null and a.status = 'active'
      and exists (select 1 from public.provider_writes p
                  where p.user_id = s.user_id and p.calendar_id = s.calendar_id and p.action = 'create' and p.dead_at is null)
  )
  select count(*) filter (where public.make_due(u.user_id, u.calendar_id, 'repair'))::integer from unread u
$$;
comment on function public.make_rereads_due is 'Has calendars read where creates wait for it';

revoke execute on function public.make_rereads_due from public, anon, authenticated;
grant execute on function public.make_rereads_due to service_role;
