-- 2,000 people with 5 calendars each, eight weeks of history; 1 calendar in 100 is due. The clock stands at noon of
-- 20 November 2026. Keys are not checked while the rows are made: that would take longer than all the rest.
set calsync.now = '2026-09-28T00:00:00Z';
select public.create_partitions();
set calsync.now = '2026-10-19T00:00:00Z';
select public.create_partitions();
set calsync.now = '2026-11-09T00:00:00Z';
select public.create_partitions();
set calsync.now = '2026-11-20T12:00:00Z';
select public.create_partitions();
set session_replication_role = replica;

create temporary table person as
select md5('person ' || n)::uuid as id, n from generate_series(1, 2000) n;
create temporary table calendar as
select p.id as user_id, md5('calendar ' || p.n || ' ' || m)::uuid as id, (p.n - 1) * 5 + m as n
from person p, generate_series(1, 5) m;

insert into auth.users (id, email) select id, 'person' || n || '@example.com' from person;
insert into public.calendar_accounts (user_id, id, provider, provider_account_id, discovery_due_at)
select id, id, 'google', 'person' || n,
  public.calsync_now() + case when n % 100 = 0 then interval '-1 minute' else n * interval '10 seconds' end
from person;
insert into calsync_private.account_credentials (user_id, account_id, sealed) select id, id, 'gAAAA' from person;
insert into public.calendars (user_id, id, account_id, provider_calendar_id, name)
select user_id, id, user_id, 'calendar ' || n, 'Calendar ' || n from calendar;
insert into public.calendar_sync_states
  (user_id, calendar_id, sync_token, due_at, due_reason, subscription_due_at, window_start, window_end, last_poll_at,
   last_sync_at)
select user_id, id, 'token',
  public.calsync_now() + case when n % 100 = 0 then interval '-1 minute' else n * interval '1 second' end, 'polling',
  public.calsync_now() + case when n % 100 = 1 then interval '-1 minute' else n * interval '20 seconds' end,
  public.calsync_now() - interval '31 days',
  public.calsync_now() + interval '366 days' - case when n % 100 = 2 then interval '2 days' else interval '0' end,
  public.calsync_now() - n * interval '1 second', public.calsync_now() - n * interval '1 second'
from calendar;

insert into public.webhook_subscriptions
  (user_id, id, calendar_id, channel_id, resource_id, status, expires_at, activated_at, retired_at, stop_due_at, ended_at,
   created_at)
select user_id, md5(id::text || status)::uuid, id, md5(id::text || status), 'resource', status,
  public.calsync_now() + case when n % 200 = 3 then interval '-1 minute' else (n % 6 + 1) * interval '1 day' end,
  public.calsync_now() - interval '1 day',
  case when status = 'retiring' then public.calsync_now() - interval '5 minutes' end,
  case when status = 'retiring' then public.calsync_now() - interval '1 minute' end,
  case when status = 'stopped' then public.calsync_now() - interval '1 day' end, public.calsync_now() - interval '2 days'
from calendar, unnest(array['active', 'stopped', 'retiring']) status
where status <> 'retiring' or n % 100 = 4;

insert into public.webhook_notifications
  (user_id, calendar_id, channel_id, resource_state, message_number, outcome, received_at)
select user_id, id, md5(id::text || 'active'), 'exists', m, 'accepted', public.calsync_now() - m * interval '9 days'
from calendar, generate_series(1, 3) m;

insert into public.calendar_sync_logs
  (user_id, calendar_id, lease_token, sync_type, trigger, status, started_at, finished_at, created_at, changed_at)
select user_id, id, m, 'incremental', 'polling', 'success', at, at, at, at
from calendar, generate_series(1, 3) m, lateral (select public.calsync_now() - m * interval '9 days' as at) t;

insert into public.calendar_events
  (user_id, id, calendar_id, provider_event_id, kind, status, etag, start_at, end_at, recurrence, content_hash,
   expanded_until)
select user_id, md5(id::text || m)::uuid, id, 'event ' || m, case m when 1 then 'series' else 'single' end, 'confirmed',
  'etag', public.calsync_now() + m * interval '1 day', public.calsync_now() + m * interval '25 hours',
  case m when 1 then array['RRULE:FREQ=WEEKLY'] else '{}' end, repeat('0', 64),
  case when m = 1 then public.calsync_now() + interval '366 days' - case when n % 1000 = 5 then interval '2 days'
                                                                         else interval '0' end end
from calendar, generate_series(1, 3) m;

insert into public.event_occurrences (user_id, calendar_id, event_id, occurrence_key, start_at, end_at)
select user_id, calendar_id, id, case kind when 'series' then to_char(start_at, 'YYYYMMDD') else '' end, start_at, end_at
from public.calendar_events;
insert into public.meetings (user_id, event_id, calendar_id, attendee_count)
select user_id, id, calendar_id, 2 from public.calendar_events where provider_event_id = 'event 2';
insert into public.api_call_ledger (user_id, calendar_id, day, api_calls)
select user_id, id, date '2026-11-20' - m, 3 from calendar, generate_series(1, 2) m;

-- Every person has a rule from the first calendar to the second; one calendar in 100 is to be planned anew.
insert into public.busy_block_rules (user_id, source_calendar_id, target_calendar_id)
select p.id, md5('calendar ' || p.n || ' 1')::uuid, md5('calendar ' || p.n || ' 2')::uuid from person p;
insert into public.busy_blocks
  (user_id, id, source_calendar_id, source_event_key, occurrence_key, target_calendar_id, tag, title, start_at, end_at,
   provider_event_id, etag, written_at)
select e.user_id, e.id, e.calendar_id, e.provider_event_id, o.occurrence_key, r.target_calendar_id,
  'calsync:b:00000000:0000000000000000:' || left(md5(e.id::text), 16), '🔒 Busy', e.start_at, e.end_at, e.id::text, '1',
  public.calsync_now()
from public.busy_block_rules r
join public.calendar_events e on e.user_id = r.user_id and e.calendar_id = r.source_calendar_id
join public.event_occurrences o on o.user_id = e.user_id and o.event_id = e.id;
insert into public.calendar_events
  (user_id, id, calendar_id, provider_event_id, kind, status, etag, start_at, end_at, summary, own_tag, content_hash)
select user_id, md5('block ' || id)::uuid, target_calendar_id, provider_event_id, 'single', 'confirmed', '1', start_at, end_at,
  title, tag, repeat('0', 64)
from public.busy_blocks;
update public.calendar_sync_states s set blocks_planned_at = public.calsync_now() - interval '1 hour',
  blocks_due_at = case when c.n % 100 = 0 then public.calsync_now() end
from calendar c where s.user_id = c.user_id and s.calendar_id = c.id;

set session_replication_role = default;
analyze;
