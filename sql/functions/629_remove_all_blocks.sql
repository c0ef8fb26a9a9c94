-- Internal: every busy block from or in these calendars is to go, whatever the rules say. Answers how many are not gone
-- yet. Whoever calls this may hold the account, for which those who hold the lock may wait: so it is not waited for.
-- Dead writes do not count: nothing can be done about them.
create function public.remove_blocks_of_calendars(p_user_id uuid, p_calendar_ids uuid[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_free constant boolean := pg_try_advisory_xact_lock(hashtextextended(p_user_id::text, 0));
  v_left integer;
begin
  if v_free then
    perform public.remove_blocks(p_user_id, array(
      select b.id from public.busy_blocks b
      where b.user_id = p_user_id and b.is_wanted
        and (b.source_calendar_id = any (p_calendar_ids) or b.target_calendar_id = any (p_calendar_ids))),
      public.calsync_now());
    perform public.queue_unsettled_blocks(p_user_id);
  end if;
  select count(*) into v_left from public.busy_blocks b
  left join public.provider_writes w on w.user_id = b.user_id and w.id = b.id
  where b.user_id = p_user_id and w.dead_at is null
    and (b.source_calendar_id = any (p_calendar_ids) or b.target_calendar_id = any (p_calendar_ids));
  return v_left;
end
$$;
comment on function public.remove_blocks_of_calendars is 'Removes the busy blocks from and in calendars; how many are left';

-- Every busy block from or in a calendar is to go; the caller has turned the calendar off.
-- Answers how many are not gone yet; call it again until none is.
create function public.remove_blocks_of_calendar(p_user_id uuid, p_calendar_id uuid)
returns integer language sql set search_path = '' as $$
  select public.remove_blocks_of_calendars(p_user_id, array[p_calendar_id])
$$;
comment on function public.remove_blocks_of_calendar is 'Removes the busy blocks from and in a calendar; how many are left';

-- The same for all calendars of an account, before access to it is given back.
create function public.remove_blocks_of_account(p_user_id uuid, p_account_id uuid)
returns integer language sql set search_path = '' as $$
  select public.remove_blocks_of_calendars(p_user_id, array(
    select c.id from public.calendars c where c.user_id = p_user_id and c.account_id = p_account_id))
$$;
comment on function public.remove_blocks_of_account is 'Removes the busy blocks from and in the calendars of an account; how many are left';

revoke execute on function public.remove_blocks_of_calendar from public, anon, authenticated;
grant execute on function public.remove_blocks_of_calendar to service_role;
revoke execute on function public.remove_blocks_of_account from public, anon, authenticated;
grant execute on function public.remove_blocks_of_account to service_role;
revoke execute on function public.remove_blocks_of_calendars from public, anon, authenticated;
grant execute on function public.remove_blocks_of_calendars to service_role;
