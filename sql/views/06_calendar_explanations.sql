-- One calendar explained in one row: what was heard and read last, how far behind the mirror is, which method
-- holds and why, what happens next and when, and what is wrong with it.
create view public.calendar_explanations with (security_invoker = true) as
select h.user_id, h.calendar_id, h.account_email, h.name, h.provider, h.method, h.reason, h.next_action, h.next_action_at,
  h.last_webhook_received as last_notification_at, h.heard_at, h.last_sync_at as last_pull_at, h.last_poll_at,
  -- A notification that no sync has served yet; else the time the last change took.
  s.unserved_since as waiting_since,
  coalesce(extract(epoch from public.calsync_now() - s.unserved_since), served.lag_seconds) as lag_seconds,
  w.channel_id, w.status as subscription_status, w.is_active as subscribed, w.expires_at as subscription_expires_at,
  s.push, s.subscription_due_at, h.webhook_failures,
  h.attempts, s.last_error_code, s.last_error_message, s.last_error_at, s.dead_at,
  (select count(*) from public.calendar_events e where e.user_id = h.user_id and e.calendar_id = h.calendar_id) as events,
  recent.syncs as recent_syncs, refused.reasons as refused_events, open_alerts.alerts, public.calsync_now() as now
from public.hybrid_status h
join public.calendar_sync_states s on s.user_id = h.user_id and s.calendar_id = h.calendar_id
join public.calendar_webhooks w on w.user_id = h.user_id and w.calendar_id = h.calendar_id
left join lateral (
  select extract(epoch from l.finished_at - coalesce(l.changed_at, l.notified_at)) as lag_seconds
  from public.calendar_sync_logs l
  where l.user_id = h.user_id and l.calendar_id = h.calendar_id and l.status = 'success'
    and l.trigger <> 'initial' and coalesce(l.changed_at, l.notified_at) is not null
  order by l.created_at desc limit 1
) served on true
cross join lateral (
  select coalesce(jsonb_agg(to_jsonb(r) order by r.started_at desc), '[]') as syncs from (
    select l.sync_type, l.trigger, l.status, l.events_created, l.events_updated, l.events_deleted, l.events_refused,
      l.api_calls, l.error_code, l.error_message, l.started_at, l.finished_at
    from public.calendar_sync_logs l
    where l.user_id = h.user_id and l.calendar_id = h.calendar_id
    order by l.created_at desc limit 5
  ) r
) recent
cross join lateral (
  select coalesce(jsonb_object_agg(r.reason, r.events), '{}') as reasons from (
    select f.reason, count(*) as events from public.refused_events f
    where f.user_id = h.user_id and f.calendar_id = h.calendar_id group by f.reason
  ) r
) refused
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'severity', x.severity, 'message', x.message,
                                               'opened_at', x.opened_at) order by x.opened_at), '[]') as alerts
  from public.calendar_alerts x
  join public.calendars c on c.user_id = h.user_id and c.id = h.calendar_id
  where x.user_id = h.user_id and x.account_id = c.account_id and x.resolved_at is null
    and (x.calendar_id is null or x.calendar_id = h.calendar_id)
) open_alerts;
comment on view public.calendar_explanations is 'All that explains the state of one calendar, one row per calendar';
