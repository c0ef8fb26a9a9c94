-- Series whose occurrences do not reach the end of their calendar's window: to be expanded, without an API call.
create view public.series_to_expand with (security_invoker = true) as
select e.user_id, e.calendar_id, e.id as event_id, e.content_hash, e.start_at, e.end_at, e.start_date, e.end_date,
  e.time_zone, to_jsonb(e.recurrence) as recurrence, s.window_start, s.window_end
from public.calendar_events e
join public.calendar_sync_states s on s.user_id = e.user_id and s.calendar_id = e.calendar_id
where e.expanded_to < s.window_end
  -- Says nothing new, but lets the index find the few that matter.
  and e.expanded_to < public.latest_window_end();
comment on view public.series_to_expand is 'Series that must be expanded again';

-- The mirror with its occurrences in one row per event, as calsync verify compares it with the provider.
create view public.mirrored_events with (security_invoker = true) as
select e.user_id, e.calendar_id, to_jsonb(e) || jsonb_build_object('occurrences', coalesce((
    select jsonb_agg(jsonb_build_object('key', o.occurrence_key, 'start_at', o.start_at, 'end_at', o.end_at,
                                        'start_date', o.start_date, 'end_date', o.end_date))
    from public.event_occurrences o where o.user_id = e.user_id and o.event_id = e.id), '[]')) as event,
  e.provider_event_id
from public.calendar_events e;
comment on view public.mirrored_events is 'Events with their occurrences, for verification';

-- Calendars that are synced and at rest, with their last verification (or when they were found): the oldest come first.
create view public.calendars_to_verify with (security_invoker = true) as
select s.user_id, s.calendar_id, coalesce(r.verified_at, s.created_at) as verified_at,
  coalesce(r.verified_at, s.created_at) < public.calsync_now() - interval '24 hours' as is_due
from public.calendar_sync_states s
join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
left join lateral (
  select m.created_at as verified_at from public.calendar_monitoring_results m
  where m.user_id = s.user_id and m.calendar_id = s.calendar_id and m.check_name = 'verify'
  order by m.created_at desc limit 1
) r on true
where s.sync_token is not null and s.attempts = 0 and c.sync_enabled and c.removed_at is null and a.status = 'active';
comment on view public.calendars_to_verify is 'Calendars by the age of their last verification';

-- The etag and kind of each event as it is known here, refused ones included, for providers whose cursor lies.
create view public.mirrored_etags with (security_invoker = true) as
select e.user_id, e.calendar_id, e.provider_event_id, e.etag, e.kind from public.calendar_events e
union all
select r.user_id, r.calendar_id, r.provider_event_id, r.etag, null from public.refused_events r;
comment on view public.mirrored_etags is 'Etags and kinds by provider event id';

-- When a worker is next needed, so that it sleeps no longer than it may.
create view public.due_summary with (security_invoker = true) as
select
  (select count(*) from public.calendar_sync_states where due_at <= public.calsync_now()) as calendars_due,
  (select min(due_at) from public.calendar_sync_states) as next_due_at,
  (select count(*) from public.calendar_sync_states where subscription_due_at <= public.calsync_now() and push = 'wanted')
    as subscriptions_due,
  public.calsync_now() as now;
comment on view public.due_summary is 'How much is due';
