-- Which webhook subscriptions end within two days, and will each be renewed in time?
-- Look for: `in_time` false: the renewal stands after the end, or its account cannot be used.
-- Do: calsync renew --calendar UUID; an account that needs reconnecting: calsync connect google --person EMAIL.
select c.name as calendar, a.email as account, a.status as account_status, w.expires_at,
  round((extract(epoch from w.expires_at - calsync_now()) / 3600)::numeric, 1) as hours_left,
  s.subscription_due_at as renewal_at,
  a.status = 'active' and s.push = 'wanted' and s.subscription_due_at < w.expires_at as in_time,
  w.channel_id, w.user_id, w.calendar_id
from webhook_subscriptions w
join calendar_sync_states s on s.user_id = w.user_id and s.calendar_id = w.calendar_id
join calendars c on c.user_id = w.user_id and c.id = w.calendar_id
join calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
where w.status = 'active' and w.expires_at < calsync_now() + interval '48 hours'
order by w.expires_at;
