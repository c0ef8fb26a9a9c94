-- Who we are in the tags of what we write: two installations on the same calendars leave each other's events alone.
create table calsync_private.installation (
  only_row boolean primary key default true check (only_row),
  id text not null default left(md5(gen_random_uuid()::text), 8) check (id ~ '^[0-9a-f]{8}$')
);
comment on table calsync_private.installation is 'The id of this installation in the tags of its events; one row';
insert into calsync_private.installation default values;

create function public.calsync_installation() returns text language sql stable
set search_path = '' as $$
  select i.id from calsync_private.installation i
$$;
comment on function public.calsync_installation() is 'The id of this installation in the tags of its events';

-- Changes whenever the rows may be older than the calendars: after a restart, a failover, a restored backup. A
-- calendar that was not read since then may hold events of ours that no row knows: nothing is created there before.
create function public.calsync_epoch() returns text language sql stable
set search_path = '' as $$
  select concat_ws(':', d.oid, pg_catalog.pg_relation_filenode('calsync_private.installation'),
                   extract(epoch from pg_catalog.pg_postmaster_start_time()))
  from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
$$;
comment on function public.calsync_epoch() is 'Changes when rows may have been set back: restart, failover, restore';

-- What blocks what: one row per pair of calendars that differs from the default (see busy_block_pairs).
create table public.busy_block_rules (
  user_id uuid not null,
  source_calendar_id uuid not null,
  target_calendar_id uuid not null,
  is_enabled boolean not null default true,
  -- "🔒 title" where true, else a neutral title.
  copy_title boolean not null default false,
  skip_free boolean not null default true,
  skip_tentative boolean not null default false,
  skip_all_day boolean not null default false,
  skip_declined boolean not null default true,
  skip_working_location boolean not null default true,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, source_calendar_id, target_calendar_id),
  foreign key (user_id, source_calendar_id) references public.calendars (user_id, id) on delete cascade,
  foreign key (user_id, target_calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint busy_block_rules_two_calendars check (source_calendar_id <> target_calendar_id)
);
comment on table public.busy_block_rules is 'Rules for busy blocks, by source and target calendar';
create index busy_block_rules_by_target on public.busy_block_rules (user_id, target_calendar_id);

-- One row per busy block that the rules ask for, or that is still to be removed.
create table public.busy_blocks (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  -- Null: an event of ours that was found in the calendar and that nothing asks for; it is to be deleted.
  source_calendar_id uuid,
  -- The provider id of the source event, of its series where it recurs.
  source_event_key text not null check (source_event_key <> ''),
  occurrence_key text not null,
  target_calendar_id uuid not null,
  -- calsync:b:{installation}:{series identity}:{nonce}; the provider keeps it with the event.
  tag text not null check (tag ~ '^calsync:b:[0-9a-f]{8}:[0-9a-f]{16}:[0-9a-f]{16}$'),
  title text not null,
  start_at timestamptz,
  end_at timestamptz,
  start_date date,
  end_date date,
  -- When it is over; all-day ones end with the UTC day, as everywhere.
  ends_at timestamptz not null generated always as (
    case when end_date is null then end_at else end_date::timestamp at time zone 'UTC' end) stored,
  -- False: its event is to be deleted, and then this row.
  is_wanted boolean not null default true,
  -- The event at the provider, as it answered; null until then.
  provider_event_id text,
  etag text,
  written_at timestamptz,
  -- How often a change made there by somebody else was undone, since the block last changed itself.
  reverted integer not null default 0 check (reverted >= 0),
  -- When the change that this block follows was made, noticed: where its latency is counted from.
  changed_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, target_calendar_id, tag),
  foreign key (user_id, source_calendar_id) references public.calendars (user_id, id) on delete cascade,
  foreign key (user_id, target_calendar_id) references public.calendars (user_id, id) on delete cascade,
  constraint busy_blocks_timed_or_all_day check (
    (start_at is not null and end_at is not null and start_date is null and end_date is null)
    or (start_at is null and end_at is null and start_date is not null and end_date is not null)),
  constraint busy_blocks_ends_after_start check (end_at >= start_at and end_date > start_date),
  constraint busy_blocks_two_calendars check (source_calendar_id <> target_calendar_id),
  constraint busy_blocks_wanted_by_a_source check (source_calendar_id is not null or not is_wanted),
  constraint busy_blocks_written check (
    (provider_event_id is null) = (etag is null) and (provider_event_id is null) = (written_at is null))
);
comment on table public.busy_blocks is 'Busy blocks: one for each occurrence and target calendar that the rules ask for';
create unique index busy_blocks_one_wanted on public.busy_blocks
  (user_id, source_calendar_id, target_calendar_id, source_event_key, occurrence_key) where is_wanted;
create index busy_blocks_by_source on public.busy_blocks (user_id, source_calendar_id, source_event_key);
create index busy_blocks_from on public.busy_blocks (user_id, source_calendar_id, ends_at);
create index busy_blocks_into on public.busy_blocks (user_id, target_calendar_id, ends_at);
-- Not yet, or no longer, at their provider.
create index busy_blocks_unsettled on public.busy_blocks (user_id) where provider_event_id is null or not is_wanted;
create unique index busy_blocks_by_event on public.busy_blocks (user_id, target_calendar_id, provider_event_id)
  where provider_event_id is not null;

-- The outbox: one row per event of ours that is not yet at its provider what it should be. The row says that there is
-- something to write; what, its busy block or appointment says when it is claimed. A thousand changes are one row.
create table public.provider_writes (
  user_id uuid not null,
  -- The id of the busy block or appointment.
  id uuid not null,
  subject text not null check (subject in ('busy_block', 'appointment')),
  -- Where it is written.
  calendar_id uuid not null,
  action text not null check (action in ('create', 'update', 'delete')),
  change_seq bigint not null default 1,
  claimed_seq bigint not null default 0,
  due_at timestamptz not null default public.calsync_now(),
  attempts integer not null default 0 check (attempts >= 0),
  lease_token bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamptz,
  last_error_code text,
  last_error_message text,
  last_error_at timestamptz,
  dead_at timestamptz,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check (claimed_seq <= change_seq),
  check ((lease_holder is null) = (lease_expires_at is null)),
  check (dead_at is null or last_error_code is not null)
);
comment on table public.provider_writes is 'The outbox: events of ours that are to be written at their provider';
create index provider_writes_queue on public.provider_writes (user_id, calendar_id, due_at) where dead_at is null;
create index provider_writes_leased on public.provider_writes (user_id, calendar_id) where lease_holder is not null;
create index provider_writes_by_calendar on public.provider_writes (user_id, calendar_id);

revoke execute on function public.calsync_installation() from public, anon, authenticated;
revoke execute on function public.calsync_epoch() from public, anon, authenticated;
grant execute on function public.calsync_installation() to service_role;
grant execute on function public.calsync_epoch() to service_role;
