-- How long from a change at the provider to its row in the mirror? Seconds, by day and by who found it.
-- Look for: `push` above a second or two. Where notification_p95 is small beside change_p95, the provider
-- told us late; where both are large, we are slow: too few workers, or a budget of API calls used up.
-- Do: change_latency has the same figures by calendar; webhook_retry_queue shows what waits.
select (created_at at time zone 'UTC')::date as day,
  case sync_type when 'webhook' then 'push' else 'polling' end as found_by, count(*) as syncs,
  round(percentile_cont(0.5) within group (order by extract(epoch from finished_at - changed_at))::numeric, 2) as change_p50,
  round(percentile_cont(0.95) within group (order by extract(epoch from finished_at - changed_at))::numeric, 2) as change_p95,
  round(percentile_cont(0.99) within group (order by extract(epoch from finished_at - changed_at))::numeric, 2) as change_p99,
  round(percentile_cont(0.95) within group (order by extract(epoch from finished_at - notified_at))::numeric, 2)
    as notification_p95
from calendar_sync_logs
where created_at > calsync_now() - interval '7 days' and status = 'success' and changed_at is not null
group by 1, 2
order by 1 desc, 2 desc;
