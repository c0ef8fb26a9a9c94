-- The mirror: one row per event, series master or exception, as the provider has it.
create table public.calendar_events (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  provider_event_id text not null check (provider_event_id <> ''),
  kind text not null check (kind in ('single', 'series', 'exception')),
  status text not null check (status in ('confirmed', 'tentative', 'cancelled')),
  etag text not null,
  ical_uid text,
  -- Provider id of the master; it may arrive after its exceptions, hence no foreign key.
  series_event_id text,
  -- RECURRENCE-ID of the instance an exception replaces: 20261124T090000Z, or 20261124 for all-day.
  occurrence_key text not null default '',
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  time_zone text,
  summary text,
  description text,
  location text,
  show_as text not null default 'busy'
    check (show_as in ('busy', 'free', 'tentative', 'out_of_office', 'working_elsewhere')),
  visibility text not null default 'default'
    check (visibility in ('default', 'public', 'private', 'confidential')),
  event_type text not null default 'default',
  organizer jsonb,
  attendees jsonb not null default '[]',
  self_response text check (self_response in ('needs_action', 'accepted', 'tentative', 'declined')),
  recurrence text[] not null default '{}',
  conference_url text,
  html_link text,
  sequence integer not null default 0,
  -- Set on events that CalSync itself wrote.
  own_tag text,
  provider_created_at timestamptz,
  provider_updated_at timestamptz,
  content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
  -- How far a series is expanded; null: an exception vanished and the series must be expanded anew.
  expanded_until timestamptz,
  -- The provider lists the occurrences itself (Graph): they are never expanded here.
  is_listed boolean not null default false,
  -- How far, for whoever looks for series to expand; null: this event is none.
  expanded_to timestamptz generated always as (
    case when kind = 'series' and status <> 'cancelled' and not is_listed then coalesce(expanded_until, '-infinity') end) stored,
  is_all_day boolean not null generated always as (start_date is not null) stored,
  -- Whether the person is busy then: declined invitations, free time and busy blocks (whoever made them) do not count.
  is_busy boolean not null generated always as (
    status <> 'cancelled' and show_as in ('busy', 'tentative', 'out_of_office')
    and self_response is distinct from 'declined' and coalesce(own_tag not like 'calsync:b:%', true)) stored,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, calendar_id, provider_event_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint calendar_events_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)
    or (kind = 'exception' and status = 'cancelled'
        and start_at is null and end_at is null and start_date is null and end_date is null)),
  constraint calendar_events_ends_after_start check (end_at >= start_at and end_date > start_date),
  constraint calendar_events_exception_names_series check (
    (kind = 'exception') = (series_event_id is not null and occurrence_key <> '')),
  constraint calendar_events_series_recurs check ((kind = 'series') = (recurrence <> '{}'))
);
comment on table public.calendar_events is 'The mirror: events as the provider has them; occurrences are in event_occurrences';
create index calendar_events_exceptions on public.calendar_events (user_id, calendar_id, series_event_id)
  where kind = 'exception';
-- Busy blocks that were read back, by tag: found again after a restore.
create index calendar_events_own_blocks on public.calendar_events (user_id, calendar_id, own_tag collate "C")
  where own_tag like 'calsync:b:%';
create index calendar_events_to_expand on public.calendar_events (expanded_to) where expanded_to is not null;

-- When things happen, in a rolling window: one row per happening.
create table public.event_occurrences (
  user_id uuid not null,
  calendar_id uuid not null,
  event_id uuid not null,
  -- "" for a single event, else as in calendar_events.
  occurrence_key text not null,
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  primary key (user_id, event_id, occurrence_key),
  foreign key (user_id, event_id) references public.calendar_events (user_id, id) on delete cascade,
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint event_occurrences_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)),
  constraint event_occurrences_ends_after_start check (end_at >= start_at and end_date > start_date)
);
comment on table public.event_occurrences is 'Occurrences in the rolling window; an exception carries its own row instead of its series''';
create index event_occurrences_by_start on public.event_occurrences (user_id, calendar_id, start_at);
create index event_occurrences_by_date on public.event_occurrences (user_id, calendar_id, start_date)
  where start_date is not null;

-- Meetings: events with other people or a conference.
create table public.meetings (
  user_id uuid not null,
  event_id uuid not null,
  calendar_id uuid not null,
  url text,
  platform text,
  attendee_count integer not null check (attendee_count >= 0),
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, event_id),
  foreign key (user_id, event_id) references public.calendar_events (user_id, id) on delete cascade,
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((url is null) = (platform is null))
);
comment on table public.meetings is 'Which events are meetings, and where they are joined';
create index meetings_by_calendar on public.meetings (user_id, calendar_id);

-- What a provider sent and the mirror cannot hold; parked with its reason, never dropped.
create table public.refused_events (
  user_id uuid not null,
  calendar_id uuid not null,
  provider_event_id text not null,
  reason text not null check (reason ~ '^[a-z_]+$'),
  detail text not null,
  etag text not null,
  refused_at timestamptz not null,
  primary key (user_id, calendar_id, provider_event_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table public.refused_events is 'Events that could not be mirrored, each with a named reason';

-- Ids met by a running full sync; what is not here when it ends is gone at the provider.
create table calsync_private.full_sync_seen (
  user_id uuid not null,
  calendar_id uuid not null,
  full_sync_id uuid not null,
  provider_event_id text not null,
  primary key (user_id, calendar_id, full_sync_id, provider_event_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table calsync_private.full_sync_seen is 'Scratch of mark-and-sweep; empty when no full sync runs';
