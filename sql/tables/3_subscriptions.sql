-- Webhook subscriptions (Google: channels). The row is written before the provider is asked, since
-- the provider's first message may overtake its answer.
create table public.webhook_subscriptions (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  channel_id text not null check (channel_id <> ''),
  resource_id text,
  status text not null default 'pending'
    check (status in ('pending', 'active', 'retiring', 'stopped', 'expired', 'failed')),
  expires_at timestamptz,
  activated_at timestamptz,
  retired_at timestamptz,
  stop_due_at timestamptz,
  stop_attempts integer not null default 0 check (stop_attempts >= 0),
  ended_at timestamptz,
  error_code text,
  error_message text,
  created_at timestamptz not null default public.calsync_now(),
  updated_at timestamptz not null default public.calsync_now(),
  primary key (user_id, id),
  unique (user_id, calendar_id, channel_id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade,
  check (status <> 'active' or (activated_at is not null and expires_at is not null)),
  check (status <> 'retiring' or (retired_at is not null and stop_due_at is not null)),
  check ((status in ('stopped', 'expired', 'failed')) = (ended_at is not null))
);
comment on table public.webhook_subscriptions is 'One row per channel ever asked for; at most one active per calendar';
create unique index webhook_subscriptions_one_active on public.webhook_subscriptions (user_id, calendar_id)
  where status = 'active';
create unique index webhook_subscriptions_one_pending on public.webhook_subscriptions (user_id, calendar_id)
  where status = 'pending';
create index webhook_subscriptions_to_stop on public.webhook_subscriptions (stop_due_at) where status = 'retiring';
create index webhook_subscriptions_to_expire on public.webhook_subscriptions (expires_at)
  where status in ('pending', 'active', 'retiring');
-- Retention.
create index webhook_subscriptions_ended on public.webhook_subscriptions (ended_at) where ended_at is not null;

-- Every verified notification, kept 30 days. Partitions live in calsync_private.
create table public.webhook_notifications (
  user_id uuid not null,
  id uuid not null default gen_random_uuid(),
  calendar_id uuid not null,
  channel_id text not null,
  -- The last three are lifecycle events of Graph.
  resource_state text not null check (resource_state in
    ('sync', 'exists', 'not_exists', 'reauthorization_required', 'subscription_removed', 'missed')),
  message_number bigint not null check (message_number > 0),
  outcome text not null
    check (outcome in ('accepted', 'confirmed', 'reacted', 'duplicate', 'retired_channel', 'unknown_channel')),
  received_at timestamptz not null,
  primary key (user_id, received_at, id),
  foreign key (user_id, calendar_id) references public.calendars (user_id, id) on delete cascade
) partition by range (received_at);
comment on table public.webhook_notifications is 'Webhook notifications with a token of ours; partitioned by week';
create index webhook_notifications_repeat on public.webhook_notifications (channel_id, message_number);
create index webhook_notifications_by_calendar on public.webhook_notifications (user_id, calendar_id, received_at);
create table calsync_private.webhook_notifications_default
  partition of public.webhook_notifications default;
alter table calsync_private.webhook_notifications_default enable row level security;
