-- How many polls push made needless, by day.
create view public.polling_efficiency with (security_invoker = true) as
select l.user_id, l.day, sum(l.polls) + sum(l.polls_skipped) as polls_considered, sum(l.polls) as polls,
  sum(l.polls_skipped) as polls_skipped,
  round(100.0 * sum(l.polls_skipped) / nullif(sum(l.polls) + sum(l.polls_skipped), 0), 2) as skipped_percent
from public.api_call_ledger l
group by l.user_id, l.day;
comment on view public.polling_efficiency is 'Polls made and skipped, by person and day';

-- What syncs of each type cost and find, over the last seven days.
create view public.sync_performance with (security_invoker = true) as
select l.user_id, l.sync_type, count(*) as syncs, count(*) filter (where l.status = 'failed') as failed,
  round(avg(l.events_processed), 2) as avg_events_processed, round(avg(l.meetings_created), 2) as avg_meetings_created,
  round(avg(l.meetings_updated), 2) as avg_meetings_updated, round(avg(l.api_calls), 2) as avg_api_calls,
  round(avg(extract(epoch from l.finished_at - l.started_at)) * 1000) as avg_duration_ms
from public.calendar_sync_logs l
where l.created_at > public.calsync_now() - interval '7 days' and l.status in ('success', 'failed')
group by l.user_id, l.sync_type;
comment on view public.sync_performance is 'Syncs of the last seven days by type';

-- Who found the changes of the last seven days: push or polling.
create view public.detection_rates with (security_invoker = true) as
select l.user_id, case l.sync_type when 'webhook' then 'webhook' else 'polling' end as source, count(*) as syncs,
  sum(l.events_created + l.events_updated + l.events_deleted) as changes
from public.calendar_sync_logs l
where l.created_at > public.calsync_now() - interval '7 days' and l.status = 'success' and l.trigger <> 'initial'
group by l.user_id, case l.sync_type when 'webhook' then 'webhook' else 'polling' end;
comment on view public.detection_rates is 'Changes found by push and by polling';

-- API calls made, beside polling every calendar every 15 minutes with 3 calls each (288 a day), counted
-- from when the calendar was connected.
create view public.api_call_savings with (security_invoker = true) as
with days as (
  select l.user_id, l.day, l.api_calls, 288 * extract(epoch from
      least(public.calsync_now(), (l.day + 1)::timestamp at time zone 'UTC')
      - greatest(c.created_at, l.day::timestamp at time zone 'UTC')) / 86400 as polling
  from public.api_call_ledger l
  join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
)
select d.user_id, d.day, sum(d.api_calls) as api_calls, round(sum(d.polling))::bigint as api_calls_polling,
  round(100 - 100.0 * sum(d.api_calls) / nullif(sum(d.polling), 0), 1) as saved_percent
from days d
group by d.user_id, d.day;
comment on view public.api_call_savings is 'Measured API calls against polling every 15 minutes';

-- From the change at the provider (and from its notification) to the row in the mirror.
create view public.change_latency with (security_invoker = true) as
select l.user_id, l.calendar_id, (l.created_at at time zone 'UTC')::date as day, count(*) as changes,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from l.finished_at - l.changed_at))
    as change_to_mirror_p50_p95_p99,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from l.finished_at - l.notified_at))
    filter (where l.notified_at is not null) as notification_to_mirror_p50_p95_p99
from public.calendar_sync_logs l
where l.status = 'success' and l.changed_at is not null
group by l.user_id, l.calendar_id, (l.created_at at time zone 'UTC')::date;
comment on view public.change_latency is 'Seconds from change and from notification to the mirror: p50, p95, p99 by calendar and day';

-- Channels that should be gone: asked for and never answered, or not stopped for an hour.
create view public.subscription_leaks with (security_invoker = true) as
select w.user_id, w.calendar_id, w.id, w.channel_id, w.status, w.expires_at, w.stop_attempts, w.error_code,
  case w.status when 'pending' then 'never answered' else 'not stopped' end as problem
from public.webhook_subscriptions w
where (w.status = 'pending' and w.created_at < public.calsync_now() - interval '10 minutes')
   or (w.status = 'retiring' and w.retired_at < public.calsync_now() - interval '1 hour');
comment on view public.subscription_leaks is 'Channels that live at the provider and should not';
