-- A long sync keeps its calendar: moves the end of the lease, for its holder only.
create function public.extend_lease_if_held(p_user_id uuid, p_calendar_id uuid, p_lease_token bigint,
                                            p_lease_seconds double precision)
returns table (lease_expires_at timestamptz) language plpgsql set search_path = '' as $$
declare
  v_until constant timestamptz := public.calsync_now() + make_interval(secs => p_lease_seconds);
begin
  perform public.hold_lease(p_user_id, p_calendar_id, p_lease_token);
  update public.calendar_sync_states s set lease_expires_at = v_until, due_at = v_until
  where s.user_id = p_user_id and s.calendar_id = p_calendar_id;
  return query select v_until;
end
$$;
comment on function public.extend_lease_if_held is 'Extends a lease; CS001 when it is lost';

revoke execute on function public.extend_lease_if_held from public, anon, authenticated;
grant execute on function public.extend_lease_if_held to service_role;
