-- Internal: the busy blocks from and in these calendars are to be planned again. Locked in the order of their ids.
create function public.mark_blocks_due(p_user_id uuid, p_calendar_ids uuid[])
returns void language sql set search_path = '' as $$
  update public.calendar_sync_states s set blocks_due_at = least(s.blocks_due_at, public.calsync_now())
  from (
    select k.user_id, k.calendar_id from public.calendar_sync_states k
    where k.user_id = p_user_id and k.calendar_id = any (p_calendar_ids)
    order by k.calendar_id for update
  ) k
  where s.user_id = k.user_id and s.calendar_id = k.calendar_id
$$;
comment on function public.mark_blocks_due is 'Has the busy blocks of calendars planned again';

-- Internal: a calendar was turned on or off, came or went, or its rights changed, whoever did it.
create function public.calendar_changes_blocks()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform public.mark_blocks_due(new.user_id, array[new.id]);
  return null;
end
$$;
comment on function public.calendar_changes_blocks is 'A calendar that changed what it blocks has its blocks planned again';
create trigger calendars_change_blocks after update on public.calendars for each row
  when ((old.sync_enabled, old.removed_at is null, old.access_role, old.is_primary)
        is distinct from (new.sync_enabled, new.removed_at is null, new.access_role, new.is_primary))
  execute function public.calendar_changes_blocks();

-- Internal: an account is connected again, or being disconnected.
create function public.account_changes_blocks()
returns trigger language plpgsql set search_path = '' as $$
begin
  perform public.mark_blocks_due(new.user_id, array(
    select c.id from public.calendars c where c.user_id = new.user_id and c.account_id = new.id));
  return null;
end
$$;
comment on function public.account_changes_blocks is 'An account that comes or goes has the blocks of its calendars planned again';
create trigger calendar_accounts_change_blocks after update on public.calendar_accounts for each row
  when (old.status is distinct from new.status)
  execute function public.account_changes_blocks();

-- Internal: what is written for a person is planned and settled by one transaction at a time: two calendars of theirs
-- that are synced at once would each plan without knowing of the other. Taken after the state row and before all else.
create function public.lock_person(p_user_id uuid)
returns void language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended(p_user_id::text, 0))
$$;
comment on function public.lock_person is 'One transaction at a time plans or settles what is written for a person';

revoke execute on function public.mark_blocks_due from public, anon, authenticated;
grant execute on function public.mark_blocks_due to service_role;
revoke execute on function public.calendar_changes_blocks from public, anon, authenticated;
grant execute on function public.calendar_changes_blocks to service_role;
revoke execute on function public.account_changes_blocks from public, anon, authenticated;
grant execute on function public.account_changes_blocks to service_role;
revoke execute on function public.lock_person from public, anon, authenticated;
grant execute on function public.lock_person to service_role;
