-- What the planner would believe of a person who came after the last ANALYZE: that they have one row. It would
-- then pick an index that leads to all of their rows, and read them all for each single one that it looks up.
-- Without statistics it takes every person for a 200th of a table, and the index with more columns wins.
alter table public.calendar_events alter column user_id set statistics 0;
alter table public.event_occurrences alter column user_id set statistics 0;
alter table public.meetings alter column user_id set statistics 0;
alter table public.refused_events alter column user_id set statistics 0;
alter table calsync_private.full_sync_seen alter column user_id set statistics 0;
alter table public.busy_blocks alter column user_id set statistics 0;
alter table public.provider_writes alter column user_id set statistics 0;
