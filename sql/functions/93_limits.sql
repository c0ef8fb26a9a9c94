-- Brings the limits in step with the settings of the processes; touches the row only where it differs.
create function public.set_limits(p_stale_after_seconds double precision, p_suspend_after integer,
                                  p_give_up_after integer, p_missed_change_grace_seconds double precision,
                                  p_busy_block_days integer)
returns void language sql security definer set search_path = '' as $$
  update calsync_private.limits l set
    stale_after = make_interval(secs => p_stale_after_seconds), suspend_after = p_suspend_after,
    give_up_after = p_give_up_after, missed_change_grace = make_interval(secs => p_missed_change_grace_seconds),
    block_horizon = make_interval(days => p_busy_block_days)
  where (l.stale_after, l.suspend_after, l.give_up_after, l.missed_change_grace, l.block_horizon) is distinct from
    (make_interval(secs => p_stale_after_seconds), p_suspend_after, p_give_up_after,
     make_interval(secs => p_missed_change_grace_seconds), make_interval(days => p_busy_block_days))
$$;
comment on function public.set_limits is 'Sets the limits of the hybrid decision';

revoke execute on function public.set_limits from public, anon, authenticated;
grant execute on function public.set_limits to service_role;
