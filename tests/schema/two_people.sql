-- Two people with the same kind of life: rows of both in every table, and so in every view.
create temporary table person as
select format('00000000-0000-4000-8000-00000000000%s', letter)::uuid as id, letter
from unnest(array['a', 'b']) letter;

insert into auth.users (id, email) select id, letter || '@example.com' from person;

insert into public.calendar_accounts (user_id, id, provider, provider_account_id, email)
select id, id, 'google', letter, letter || '@example.com' from person;

select public.store_credentials(id, id, 'gAAAA of ' || letter) from person;

-- Three calendars each: 1 is well, 2 is retried, 3 is dead.
create temporary table calendar as
select p.id as user_id, format('00000000-0000-4000-8000-0000000%s000%s', p.letter, n)::uuid as id, n
from person p, generate_series(1, 3) n;

insert into public.calendars (user_id, id, account_id, provider_calendar_id, name)
select user_id, id, user_id, 'calendar ' || n, 'Calendar ' || n from calendar;

insert into public.calendar_sync_states (user_id, calendar_id, sync_token, attempts, dead_at, last_error_code, window_start, window_end)
select user_id, id, 'cursor', case n when 1 then 0 else n end, case n when 3 then now() end, case when n > 1 then 'network' end,
  now() - interval '1 day', now() + interval '1 year'
from calendar;

insert into public.webhook_subscriptions
  (user_id, calendar_id, channel_id, resource_id, status, expires_at, activated_at, retired_at, stop_due_at, created_at)
select user_id, id, 'channel ' || id, 'resource', (array['active', 'pending', 'retiring'])[n], now() + interval '1 day',
  now(), now() - interval '2 hours', now(), now() - interval '3 hours'
from calendar;

insert into public.webhook_notifications
  (user_id, calendar_id, channel_id, resource_state, message_number, outcome, received_at)
select user_id, id, 'channel ' || id, 'exists', 1, 'accepted', now() from calendar;

insert into public.calendar_events
  (user_id, id, calendar_id, provider_event_id, kind, status, etag, start_at, end_at, recurrence, content_hash)
select user_id, id, id, 'event', 'series', 'confirmed', '1', now(), now() + interval '1 hour', array['RRULE:FREQ=DAILY'],
  repeat('0', 64)
from calendar;

insert into public.event_occurrences (user_id, calendar_id, event_id, occurrence_key, start_at, end_at)
select user_id, id, id, '20261120T090000Z', now(), now() + interval '1 hour' from calendar;

insert into public.meetings (user_id, event_id, calendar_id, attendee_count) select user_id, id, id, 2 from calendar;

insert into public.refused_events (user_id, calendar_id, provider_event_id, reason, detail, etag, refused_at)
select user_id, id, 'refused', 'no_start', 'It never starts', '1', now() from calendar;

insert into calsync_private.full_sync_seen (user_id, calendar_id, full_sync_id, provider_event_id)
select user_id, id, id, 'event' from calendar;

insert into public.calendar_sync_logs
  (user_id, calendar_id, lease_token, sync_type, trigger, status, started_at, finished_at, created_at, changed_at, notified_at)
select user_id, id, 1, 'webhook', 'webhook', 'success', now(), now(), now(), now() - interval '2 seconds', now()
from calendar;

insert into public.api_call_ledger (user_id, calendar_id, day, api_calls, syncs, polls, polls_skipped)
select user_id, id, current_date, 3, 1, 1, 1 from calendar;

insert into public.calendar_alerts (user_id, account_id, calendar_id, kind, severity, message, opened_at)
select user_id, user_id, id, 'drift', 'high', 'It drifts', now() from calendar;

insert into public.calendar_monitoring_results (user_id, calendar_id, check_name, passed, details, created_at)
select user_id, id, 'verify', true, '{}', now() from calendar;

select public.write_audit(user_id, 'user:' || user_id, 'settings.changed', id::text, 'request', '{"sync_enabled": true}')
from calendar;

insert into calsync_private.idempotency_keys (user_id, key, fingerprint) select user_id, id::text, repeat('0', 64) from calendar;

-- Calendar 1 blocks calendar 2.
insert into public.busy_block_rules (user_id, source_calendar_id, target_calendar_id)
select a.user_id, a.id, b.id from calendar a join calendar b on b.user_id = a.user_id and a.n = 1 and b.n = 2;

insert into public.busy_blocks
  (user_id, id, source_calendar_id, source_event_key, occurrence_key, target_calendar_id, tag, title, start_at, end_at,
   provider_event_id, etag, written_at, changed_at)
select a.user_id, a.id, a.id, 'event', '20261120T090000Z', b.id, 'calsync:b:00000000:0000000000000000:0000000000000000',
  'Busy', now(), now() + interval '1 hour', 'block', '1', now(), now() - interval '1 second'
from calendar a join calendar b on b.user_id = a.user_id and a.n = 1 and b.n = 2;

insert into public.provider_writes (user_id, id, subject, calendar_id, action)
select a.user_id, a.id, 'busy_block', b.id, 'create'
from calendar a join calendar b on b.user_id = a.user_id and a.n = 1 and b.n = 2;

insert into calsync_private.oauth_flows (user_id, state_hash, browser_hash, provider, scopes, sealed, expires_at)
select id, repeat(letter, 64), repeat('0', 64), 'google', array['calendar'], 'gAAAA verifier', now() + interval '10 minutes'
from person;

-- One appointment that is written, seen there and waits for a decision.
insert into public.appointments (user_id, id, calendar_id, summary, start_at, end_at)
select user_id, id, id, 'Review', now(), now() + interval '1 hour' from calendar where n = 1;

update public.appointment_links l set held = 'conflict', provider_event_id = 'appointment', etag = '1', own_etags = '{1}'
from calendar c where l.user_id = c.user_id and l.id = c.id;

insert into public.calendar_events
  (user_id, calendar_id, provider_event_id, kind, status, etag, start_at, end_at, content_hash)
select user_id, id, 'appointment', 'single', 'confirmed', '1', now(), now() + interval '1 hour', repeat('0', 64)
from calendar where n = 1;

insert into calsync_private.appointment_offers (user_id, id, calendar_id, contents)
select user_id, id, id, '[]' from calendar where n = 1;

insert into calsync_private.appointment_sightings (user_id, id, calendar_id) select user_id, id, id from calendar where n = 1;

insert into public.sync_conflicts (user_id, appointment_id, calendar_id, kind, local, policy, decision)
select user_id, id, id, 'deleted_there', '{}', 'manual', 'pending' from calendar where n = 1;
