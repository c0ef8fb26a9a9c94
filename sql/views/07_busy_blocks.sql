-- What blocks what: every ordered pair of a person's calendars with the rule that holds. Without a row of
-- busy_block_rules: every calendar that the person may write blocks the primary calendars of their other accounts.
-- obstacle: why the pair cannot block whatever the rule says; an account that waits to be reconnected keeps its pairs.
create view public.busy_block_pairs with (security_invoker = true) as
-- Not made for all people at once to look up one.
with ends as not materialized (
  select c.user_id, c.id, c.account_id, c.name, a.provider, a.email, c.access_role, c.is_primary,
    case
      when c.removed_at is not null then 'is gone from its account'
      when not c.sync_enabled then 'is not synced'
      when a.status in ('disconnecting', 'disconnected') then 'is in an account that is ' || a.status
    end as trouble
  from public.calendars c
  join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
), pairs as (
  select s.user_id, s.id as source_calendar_id, t.id as target_calendar_id,
    coalesce(s.name, s.id::text) || ' (' || coalesce(s.email, s.provider) || ')' as source_name,
    coalesce(t.name, t.id::text) || ' (' || coalesce(t.email, t.provider) || ')' as target_name,
    case
      when s.trouble is not null then 'the source ' || s.trouble
      when t.trouble is not null then 'the target ' || t.trouble
      when t.access_role not in ('owner', 'writer') then 'the target cannot be written'
    end as obstacle,
    s.access_role in ('owner', 'writer') and t.is_primary and s.account_id <> t.account_id as by_default
  from ends s
  join ends t on t.user_id = s.user_id and t.id <> s.id
)
select p.user_id, p.source_calendar_id, p.target_calendar_id, p.source_name, p.target_name,
  p.obstacle is null and coalesce(r.is_enabled, p.by_default) as is_enabled, p.obstacle,
  p.by_default,
  r.user_id is not null as has_rule, coalesce(r.copy_title, false) as copy_title, coalesce(r.skip_free, true) as skip_free,
  coalesce(r.skip_tentative, false) as skip_tentative, coalesce(r.skip_all_day, false) as skip_all_day,
  coalesce(r.skip_declined, true) as skip_declined, coalesce(r.skip_working_location, true) as skip_working_location
from pairs p
left join public.busy_block_rules r on r.user_id = p.user_id
  and r.source_calendar_id = p.source_calendar_id and r.target_calendar_id = p.target_calendar_id;
comment on view public.busy_block_pairs is 'The rule for busy blocks that holds for each pair of calendars of a person';

-- From the change to the busy block at its provider, by target calendar and day: the last write of each block counts.
create view public.block_latency with (security_invoker = true) as
select b.user_id, b.target_calendar_id as calendar_id, (b.written_at at time zone 'UTC')::date as day, count(*) as blocks,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by extract(epoch from b.written_at - b.changed_at))
    as change_to_block_p50_p95_p99
from public.busy_blocks b
where b.written_at >= b.changed_at
group by b.user_id, b.target_calendar_id, (b.written_at at time zone 'UTC')::date;
comment on view public.block_latency is 'Seconds from change to busy block: p50, p95, p99 by calendar and day';

-- Every busy block and how it stands with its provider.
create view public.busy_block_status with (security_invoker = true) as
select b.user_id, b.id, b.source_calendar_id, b.target_calendar_id, s.name as source_name, t.name as target_name, b.title,
  b.start_at, b.end_at, b.start_date, b.end_date, b.ends_at,
  case
    when w.dead_at is not null then 'failed'
    when w.id is not null then 'to be ' || case when not b.is_wanted then 'deleted'
      when b.provider_event_id is null then 'created' else 'updated' end
    -- Deleted or changed there again and again: somebody does not want it so.
    when b.reverted >= 5 then 'left alone'
    else 'written'
  end as status,
  w.last_error_code, w.last_error_message, b.written_at, b.changed_at
from public.busy_blocks b
join public.calendars t on t.user_id = b.user_id and t.id = b.target_calendar_id
left join public.calendars s on s.user_id = b.user_id and s.id = b.source_calendar_id
left join public.provider_writes w on w.user_id = b.user_id and w.id = b.id;
comment on view public.busy_block_status is 'Busy blocks and whether their events are written';
