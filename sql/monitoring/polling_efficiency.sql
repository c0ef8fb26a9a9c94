-- How many polls does push spare us? One row per day of the last week, and their sum in the row without a day.
-- Look for: a share of skipped polls that falls. Every poll made for a calendar with push means that push was silent.
-- Do: see webhook_activity.sql for the calendars that are polled although they should have push.
select day, sum(polls_considered) as polls_considered, sum(polls) as polls_made, sum(polls_skipped) as polls_skipped,
  round(100.0 * sum(polls_skipped) / nullif(sum(polls_considered), 0), 1) as skipped_percent
from polling_efficiency
where day > (calsync_now() at time zone 'UTC')::date - 7
group by rollup (day)
order by day;
