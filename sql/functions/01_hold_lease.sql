-- Internal: locks the state row of a calendar for whoever still holds its lease, and refuses all others.
-- Every write of a sync goes through here, so a worker that lost its lease can write nothing.
create function public.hold_lease(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint)
returns public.calendar_sync_states language plpgsql set search_path = '' as $$
declare
  v_state public.calendar_sync_states;
begin
  select * into v_state from public.calendar_sync_states
  where user_id = p_user_id and calendar_id = p_calendar_id
  for update;
  if not found then
    raise exception 'calendar % does not exist', p_calendar_id using errcode = 'CS002';
  end if;
  if v_state.lease_holder is null or v_state.lease_token <> p_lease_token
     or v_state.lease_expires_at <= public.calsync_now() then
    raise exception 'lease % on calendar % is lost', p_lease_token, p_calendar_id using errcode = 'CS001',
      hint = 'Another worker holds this calendar or the lease lapsed; nothing was written.';
  end if;
  return v_state;
end
$$;
comment on function public.hold_lease is 'Locks a calendar for the holder of its lease; CS001 for anybody else';

revoke execute on function public.hold_lease from public, anon, authenticated;
grant execute on function public.hold_lease to service_role;
