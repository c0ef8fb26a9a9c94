-- Which calendars failed so often that they are only tried rarely? The longest dead first.
-- Look for: the error code; one code for many calendars has one cause.
-- Do: mend the cause, then calsync dead-letters replay UUID (or --all). Nothing is lost
-- meanwhile: the cursor stands where it stood, and the sync that succeeds reads everything since.
select d.calendar_name as calendar, a.email as account, d.last_error_code, d.last_error_message, d.attempts,
  d.dead_at, d.retry_at, s.last_sync_at, d.user_id, d.calendar_id
from dead_letters d
join calendar_sync_states s on s.user_id = d.user_id and s.calendar_id = d.calendar_id
join calendars c on c.user_id = d.user_id and c.id = d.calendar_id
join calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
order by d.dead_at;
