-- What the health of a calendar is judged by: the method that holds, push, the last syncs, what is open.
create view public.calendar_facts with (security_invoker = true) as
select h.user_id, h.calendar_id, c.account_id, h.name, h.provider, h.method, h.reason, h.next_action, h.next_action_at,
  s.push, coalesce(h.subscription_expires_at > public.calsync_now(), false) as subscribed, h.subscription_expires_at,
  h.last_webhook_received, h.last_poll_at, h.last_sync_at, h.webhook_failures, h.attempts, h.last_error_code, s.dead_at,
  a.status as account_status,
  exists (select 1 from public.calendar_alerts x where x.user_id = h.user_id and x.calendar_id = h.calendar_id
            and x.kind = 'drift' and x.resolved_at is null) as drifted,
  (select count(*)::integer from public.subscription_leaks l
   where l.user_id = h.user_id and l.calendar_id = h.calendar_id) as leaked,
  c.created_at, public.calsync_now() as now
from public.hybrid_status h
join public.calendars c on c.user_id = h.user_id and c.id = h.calendar_id and c.removed_at is null
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
join public.calendar_sync_states s on s.user_id = h.user_id and s.calendar_id = h.calendar_id;
comment on view public.calendar_facts is 'What the health of calendars is judged by';
