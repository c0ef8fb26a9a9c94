-- Which webhook subscriptions still deliver, or may, although they should be gone?
-- Look for: rows at all. `not stopped` after an hour: the provider refuses the stop, see error_code;
-- `never answered`: a worker died while it asked; the next renewal retires it.
-- Do: mostly nothing, they are stopped again and run out by themselves; calsync renew does a round now.
select c.name as calendar, l.problem, l.status, l.stop_attempts, l.error_code, l.expires_at, l.channel_id,
  l.user_id, l.calendar_id
from subscription_leaks l
join calendars c on c.user_id = l.user_id and c.id = l.calendar_id
order by l.expires_at nulls first, calendar;
