-- Who finds the changes: push or polling? The last seven days; first imports do not count.
-- Look for: polling above a few percent of the changes. They reached the mirror late.
-- Do: webhook_activity.sql shows which calendars push does not serve, and why.
select source, sum(syncs) as syncs, sum(changes) as changes,
  round(100.0 * sum(changes) / nullif(sum(sum(changes)) over (), 0), 1) as changes_percent
from detection_rates
group by source
order by source desc;
