-- Every notification received, with the sync method's own words for what became of it.
create view public.calendar_webhook_logs with (security_invoker = true) as
select n.user_id, n.id, n.calendar_id, c.name as calendar_name, n.channel_id, n.resource_state, n.message_number,
  n.outcome, n.received_at
from public.webhook_notifications n
join public.calendars c on c.user_id = n.user_id and c.id = n.calendar_id;
comment on view public.calendar_webhook_logs is 'Webhook notifications with their outcome';

-- Calendars whose last sync failed and that will be tried again by themselves.
create view public.webhook_retry_queue with (security_invoker = true) as
select s.user_id, s.calendar_id, s.attempts, s.due_at as retry_at, s.due_reason, s.last_error_code,
  s.last_error_message, s.last_error_at
from public.calendar_sync_states s
where s.attempts > 0 and s.dead_at is null;
comment on view public.webhook_retry_queue is 'Failed syncs that are to be retried';

-- What failed too often: syncs of calendars (tried rarely now), and events that could not be written (not tried any more).
-- Both at once by: calsync dead-letters replay.
create view public.dead_letters with (security_invoker = true) as
select s.user_id, s.calendar_id, c.name as calendar_name, s.attempts, s.dead_at, s.last_error_code,
  s.last_error_message, s.due_at as retry_at, 'sync' as kind, s.calendar_id as id
from public.calendar_sync_states s
join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
where s.dead_at is not null
union all
select w.user_id, w.calendar_id, c.name, w.attempts, w.dead_at, w.last_error_code, w.last_error_message, null,
  w.action || ' ' || w.subject, w.id
from public.provider_writes w
join public.calendars c on c.user_id = w.user_id and c.id = w.calendar_id
where w.dead_at is not null;
comment on view public.dead_letters is 'Syncs and writes that failed too often';
