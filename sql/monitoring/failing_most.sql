-- Which calendars fail most? Failed and abandoned syncs of the last seven days.
-- Look for: one error code all over (a provider in trouble, a bug) or one account (access lost).
-- Do: last_error_message says what the provider answered; `needs_reauth` needs its person: calsync connect google --person EMAIL.
select c.name as calendar, a.email as account, a.status as account_status,
  count(*) filter (where l.status <> 'success') as failed_syncs, count(*) as syncs,
  round(100.0 * count(*) filter (where l.status <> 'success') / count(*), 1) as failed_percent,
  s.attempts as failed_in_a_row, s.last_error_code, s.last_error_message, s.last_error_at,
  s.webhook_failures as push_failures, s.user_id, s.calendar_id
from calendar_sync_logs l
join calendar_sync_states s on s.user_id = l.user_id and s.calendar_id = l.calendar_id
join calendars c on c.user_id = l.user_id and c.id = l.calendar_id
join calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
where l.created_at > calsync_now() - interval '7 days' and l.status <> 'running'
group by s.user_id, s.calendar_id, c.user_id, c.id, a.user_id, a.id
having count(*) filter (where l.status <> 'success') > 0
order by failed_syncs desc, failed_percent desc, calendar
limit 50;
