-- Internal: a channel that carries our token but is in no row (a restored database, a crash between the
-- provider's answer and ours): written down as retiring, so that it is stopped at the provider.
create function public.adopt_unknown_channel(p_user_id uuid, p_calendar_id uuid, p_channel_id text,
                                             p_resource_id text, p_expires_at timestamptz)
returns void language sql set search_path = '' as $$
  insert into public.webhook_subscriptions
    (user_id, calendar_id, channel_id, resource_id, status, expires_at, retired_at, stop_due_at)
  values (p_user_id, p_calendar_id, p_channel_id, p_resource_id, 'retiring',
          coalesce(p_expires_at, public.calsync_now() + interval '7 days'), public.calsync_now(), public.calsync_now())
  on conflict (user_id, calendar_id, channel_id) do nothing
$$;
comment on function public.adopt_unknown_channel is 'Remembers a channel of ours that no row knows, to stop it';

-- Internal: an ended channel still delivers. Stops lag, so it gets ten minutes before it is stopped again.
create function public.stop_again(p_user_id uuid, p_id uuid, p_resource_id text)
returns void language sql set search_path = '' as $$
  update public.webhook_subscriptions set
    status = 'retiring', retired_at = public.calsync_now(), stop_due_at = public.calsync_now(),
    resource_id = coalesce(resource_id, p_resource_id), ended_at = null, updated_at = public.calsync_now()
  where user_id = p_user_id and id = p_id and status in ('stopped', 'expired', 'failed')
    and ended_at < public.calsync_now() - interval '10 minutes';
  update public.webhook_subscriptions set resource_id = p_resource_id
  where user_id = p_user_id and id = p_id and status = 'retiring' and resource_id is null
$$;
comment on function public.stop_again is 'Queues another stop for an ended channel that still delivers';

revoke execute on function public.adopt_unknown_channel from public, anon, authenticated;
grant execute on function public.adopt_unknown_channel to service_role;
revoke execute on function public.stop_again from public, anon, authenticated;
grant execute on function public.stop_again to service_role;
