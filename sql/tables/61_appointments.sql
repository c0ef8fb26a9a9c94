-- What applications want in their people's calendars: they write these rows, over SQL, REST or the API. Edits and
-- deletions at the provider come back into them.
create table public.appointments (
  user_id uuid not null default auth.uid(),
  id uuid not null default gen_random_uuid(),
  -- Stays: an appointment moves to another calendar as a new one.
  calendar_id uuid not null,
  summary text not null default '' check (length(summary) <= 1000),
  description text check (length(description) <= 8000),
  location text check (length(location) <= 1000),
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  -- IANA; in which the times are shown. Null: UTC.
  time_zone text,
  show_as text not null default 'busy'
    check (show_as in ('busy', 'free', 'tentative', 'out_of_office', 'working_elsewhere')),
  visibility text not null default 'default'
    check (visibility in ('default', 'public', 'private', 'confidential')),
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint appointments_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)),
  constraint appointments_ends_after_start check (end_at >= start_at and end_date > start_date)
);
comment on table public.appointments is 'Appointments of applications, kept in step with events at the provider';
create index appointments_by_calendar on public.appointments (user_id, calendar_id);
create index appointments_by_time on public.appointments (user_id, created_at, id);

-- The event of an appointment, and the version that both sides agreed on last. It outlives its appointment until the
-- event is deleted too. Versions are what appointment_content gives.
create table public.appointment_links (
  user_id uuid not null,
  -- The id of the appointment, and of its row in the outbox.
  id uuid not null,
  calendar_id uuid not null,
  tag text not null check (tag ~ '^calsync:a:[0-9a-f]{8}:[0-9a-f]{32}$'),
  -- Counts the events that it had: one that was deleted there gets a successor with a tag of its own.
  generation integer not null default 0 check (generation >= 0),
  provider_event_id text,
  etag text,
  -- The last version agreed on: as it is written here, and as the provider renders it (null until the mirror showed it).
  base jsonb,
  base_remote jsonb,
  agreed_at timestamptz,
  -- The mirrored version that was merged last, and the versions of ours that the mirror may still show.
  seen_etag text,
  own_etags text[] not null default '{}',
  -- By the database's clock; null: nothing was changed here since they agreed.
  local_changed_at timestamptz,
  deleted_at timestamptz,
  -- Nothing is written before: the mirror was read (merge), a person decided (conflict).
  held text check (held in ('merge', 'conflict')),
  -- The provider said of a write that there is no such event.
  vanished_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check ((provider_event_id is null) = (etag is null))
);
comment on table public.appointment_links is 'Which event an appointment is, and what both sides agreed on last';
create unique index appointment_links_by_event on public.appointment_links (user_id, calendar_id, provider_event_id)
  where provider_event_id is not null;
create index appointment_links_by_calendar on public.appointment_links (user_id, calendar_id);

-- What was handed to a delivery whose outcome is not known yet: the provider may have any of these versions.
create table calsync_private.appointment_offers (
  user_id uuid not null,
  id uuid not null,
  calendar_id uuid not null,
  contents jsonb not null,
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table calsync_private.appointment_offers is 'Versions of an appointment that may have reached the provider';
create index appointment_offers_by_calendar on calsync_private.appointment_offers (user_id, calendar_id);

-- Events of appointments of which the mirror may have another version than the one merged last: work for the merge.
-- No key of appointment_links, so that a sync waits for no appointment and no appointment for a sync.
create table calsync_private.appointment_sightings (
  user_id uuid not null,
  id uuid not null,
  calendar_id uuid not null,
  -- The provider reported its deletion; when, where it says so.
  is_gone boolean not null default false,
  gone_at timestamptz,
  noticed_at timestamptz not null default public.calsync_now(),
  -- Another one for each sighting: a merge takes away the one that it has looked at.
  mark uuid not null default gen_random_uuid(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
);
comment on table calsync_private.appointment_sightings is 'Appointments whose event changed at the provider, to be merged';
create index appointment_sightings_by_calendar on calsync_private.appointment_sightings (user_id, calendar_id);

-- Both sides changed: what they had in common, what each had, and what was decided. Nothing that lost is forgotten.
create table public.sync_conflicts (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  appointment_id uuid not null,
  calendar_id uuid not null,
  -- both_changed; deleted_here: changed there; deleted_there: changed here; became_series: it recurs there now.
  kind text not null check (kind in ('both_changed', 'deleted_here', 'deleted_there', 'became_series')),
  -- Null: unknown, or deleted on that side.
  base jsonb,
  local jsonb,
  remote jsonb,
  -- Both changes in one, with the provider's values for the fields in conflict; null where one side is deleted.
  merged jsonb,
  remote_etag text,
  -- Those that both sides changed, each to something else.
  fields text[] not null default '{}',
  policy text not null check (policy in ('newest_wins', 'provider_wins', 'local_wins', 'manual')),
  decision text not null check (decision in ('merged', 'local', 'remote', 'both', 'pending')),
  -- policy, or the actor as in audit_log.
  decided_by text,
  decided_at timestamptz,
  undone_by text,
  undone_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint sync_conflicts_decided check (
    (decision = 'pending') = (decided_at is null) and (decided_at is null) = (decided_by is null)),
  constraint sync_conflicts_undone check (
    (undone_at is null) = (undone_by is null) and (undone_at is null or decided_at is not null)),
  constraint sync_conflicts_some_version check (local is not null or remote is not null)
);
comment on table public.sync_conflicts is 'Conflicts between an appointment and its event: versions, decision, undo';
create unique index sync_conflicts_one_pending on public.sync_conflicts (user_id, appointment_id) where decision = 'pending';
create index sync_conflicts_by_time on public.sync_conflicts (user_id, created_at desc, id desc);
create index sync_conflicts_by_calendar on public.sync_conflicts (user_id, calendar_id);
