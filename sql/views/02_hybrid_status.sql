-- Which sync method holds for each calendar now, why, and what happens next and when. Derived, never stored.
create view public.hybrid_status with (security_invoker = true) as
with facts as (
  select s.*, c.name, a.provider, a.email as account_email, a.status as account_status, a.blocked_until, c.sync_enabled, c.removed_at,
    w.id as subscription_id, w.expires_at, w.activated_at, public.calsync_now() as now, l.stale_after, l.suspend_after,
    greatest(s.last_webhook_received, s.verified_at, w.activated_at) as heard_at
  from public.calendar_sync_states s
  cross join public.calsync_limits() l
  join public.calendars c on c.user_id = s.user_id and c.id = s.calendar_id
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
  left join public.webhook_subscriptions w on w.user_id = s.user_id and w.calendar_id = s.calendar_id and w.status = 'active'
), judged as (
  select f.*,
    case
      when not f.sync_enabled or f.removed_at is not null or f.account_status <> 'active' then 'disabled'
      when f.sync_token is null then 'full'
      when f.push <> 'wanted' or (f.subscription_id is null and f.webhook_failures = 0) then 'polling'
      when f.subscription_id is not null and f.expires_at > f.now and f.webhook_failures < f.suspend_after
        and f.heard_at > f.now - f.stale_after then 'webhook'
      else 'polling_and_repair'
    end as method,
    case
      when f.removed_at is not null then 'the calendar is gone from the account'
      when not f.sync_enabled then 'sync is turned off'
      when f.account_status in ('disconnecting', 'disconnected') then 'the account is ' || f.account_status
      when f.account_status <> 'active' then 'the account must be reconnected'
      when f.sync_token is null then case f.due_reason
        when 'initial' then 'never read completely' when 'reset' then 'a reset was asked for'
        else 'the cursor died or drift was found' end
      when f.push = 'turned_off' then 'push is turned off'
      when f.push = 'unsupported' then 'the provider offers no push for this calendar'
      when f.push = 'given_up' then format('push was given up after %s failures', f.webhook_failures)
      when f.webhook_failures >= f.suspend_after then format('push is suspended after %s failures', f.webhook_failures)
      when f.subscription_id is null and f.webhook_failures = 0 then 'no subscription yet'
      when f.subscription_id is null then 'the subscription must be made again'
      when f.expires_at <= f.now then 'the subscription ran out'
      when f.heard_at > f.now - f.stale_after then 'push was heard or verified lately'
      else 'push has been silent for too long'
    end as reason
  from facts f
)
select j.user_id, j.calendar_id, j.account_email, j.name, j.provider, j.method, j.reason,
  case
    when j.method = 'disabled' then 'none'
    when j.lease_expires_at > j.now then 'syncing'
    when j.blocked_until > j.now then 'wait for quota'
    when j.dead_at is not null then 'retry a dead letter'
    when j.attempts > 0 then 'retry'
    when j.push = 'wanted' and j.subscription_due_at < j.due_at
      then case when j.subscription_id is null then 'subscribe' else 'renew' end
    else case j.due_reason when 'polling' then 'poll' else 'sync' end
  end as next_action,
  case
    when j.method = 'disabled' then null
    when j.lease_expires_at > j.now then j.now
    when j.blocked_until > j.now then j.blocked_until
    when j.push = 'wanted' and j.attempts = 0 then least(j.due_at, j.subscription_due_at)
    else j.due_at
  end as next_action_at,
  j.heard_at, j.last_webhook_received, j.last_poll_at, j.last_sync_at, j.verified_at, j.webhook_failures,
  j.attempts, j.last_error_code, j.expires_at as subscription_expires_at
from judged j;
comment on view public.hybrid_status is 'The sync method of each calendar, why it holds, and the next action';
