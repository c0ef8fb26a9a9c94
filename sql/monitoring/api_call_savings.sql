-- How many API calls were made, beside polling every calendar every 15 minutes with 3 calls each?
-- Look for: a day that saves less than the others: full syncs, retries, or push that does not work.
-- Do: sync_performance.sql tells which type of sync made the calls, polling_efficiency.sql whether polls did.
select day, sum(api_calls) as api_calls, sum(api_calls_polling) as api_calls_by_polling,
  round(100 - 100.0 * sum(api_calls) / nullif(sum(api_calls_polling), 0), 1) as saved_percent
from api_call_savings
where day > (calsync_now() at time zone 'UTC')::date - 14
group by day
order by day desc;
