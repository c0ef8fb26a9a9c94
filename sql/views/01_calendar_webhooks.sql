-- The hybrid state, a row per calendar: what operators and the polling functions look at.
create view public.calendar_webhooks with (security_invoker = true) as
select coalesce(w.id, s.calendar_id) as id, s.user_id, s.calendar_id, a.provider, w.channel_id, w.resource_id,
  coalesce(w.status, 'none') as status,
  coalesce(w.status = 'active' and w.expires_at > public.calsync_now(), false) as is_active,
  w.expires_at, s.last_webhook_received, s.last_poll_at, s.webhook_failures, s.sync_token,
  s.created_at, greatest(s.updated_at, w.updated_at) as updated_at
from public.calendar_sync_states s
join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
left join lateral (
  select w.* from public.webhook_subscriptions w
  where w.user_id = s.user_id and w.calendar_id = s.calendar_id
  order by w.status = 'active' desc, w.created_at desc limit 1
) w on true;
comment on view public.calendar_webhooks is 'Webhook and polling state, one row per calendar';
