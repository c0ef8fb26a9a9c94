-- Is push alive? One row per calendar, the longest silent first.
-- Look for: method `polling_and_repair`, or failures above 0. Silence alone is no trouble: a calendar in
-- which nothing changes is silent, and `verified_at` says when a poll last found that it had missed nothing.
-- Do: below 5 failures nothing, CalSync repairs it by itself; where push was given up: calsync renew --calendar UUID.
select h.name as calendar, h.account_email as account, h.method, h.reason, w.is_active, h.webhook_failures as failures,
  w.last_webhook_received, h.verified_at, w.last_poll_at, coalesce(n.notifications, 0) as notifications_24h,
  coalesce(n.repeated, 0) as repeated_24h, w.user_id, w.calendar_id
from calendar_webhooks w
join hybrid_status h on h.user_id = w.user_id and h.calendar_id = w.calendar_id
left join (
  select user_id, calendar_id, count(*) filter (where outcome = 'accepted') as notifications,
    count(*) filter (where outcome = 'duplicate') as repeated
  from webhook_notifications
  where received_at > calsync_now() - interval '24 hours'
  group by user_id, calendar_id
) n on n.user_id = w.user_id and n.calendar_id = w.calendar_id
order by w.last_webhook_received nulls first, calendar;
