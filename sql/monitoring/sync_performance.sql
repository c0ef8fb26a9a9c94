-- What does a sync of each type find, cost and take? The last seven days; running syncs are left out.
-- Look for: many `full` syncs (cursors that die, resets), failures, a p95 far above the median.
-- Do: failing_most.sql names the calendars; calendar_sync_logs holds each sync with its error.
select sync_type, count(*) as syncs, count(*) filter (where status = 'failed') as failed,
  count(*) filter (where status = 'abandoned') as abandoned,
  round(avg(events_processed), 1) as avg_events_processed, round(avg(meetings_created), 1) as avg_meetings_created,
  round(avg(meetings_updated), 1) as avg_meetings_updated, round(avg(api_calls), 1) as avg_api_calls,
  round((1000 * percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at)))::numeric)
    as p50_ms,
  round((1000 * percentile_cont(0.95) within group (order by extract(epoch from finished_at - started_at)))::numeric)
    as p95_ms
from calendar_sync_logs
where created_at > calsync_now() - interval '7 days' and status <> 'running'
group by sync_type
order by sync_type;
