-- Where appointments stand: synced; pending: a write or a merge is to come; conflict: somebody must decide; failed:
-- writing was given up until it is replayed or changed. Deleted ones are listed until their event is deleted too.
create view public.appointment_status with (security_invoker = true) as
select l.user_id, l.id, l.calendar_id, l.deleted_at is not null as is_deleted, l.provider_event_id,
  case when l.held = 'conflict' then 'conflict' when w.dead_at is not null then 'failed'
       when w.id is not null or l.held is not null or l.provider_event_id is null then 'pending' else 'synced' end as state,
  case when l.held = 'conflict' then 'both sides were changed; resolve the conflict'
       when w.dead_at is not null then concat_ws(': ', w.last_error_code, w.last_error_message)
       when a.status = 'needs_reauth' then 'its account must be reconnected'
       when w.last_error_code is not null then concat_ws(': ', w.last_error_code, w.last_error_message)
       when l.held = 'merge' then 'its calendar is to be read first'
       when w.id is not null then 'to be written' end as reason,
  l.local_changed_at, l.agreed_at
from public.appointment_links l
join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
join public.calendar_accounts a on a.user_id = c.user_id and a.id = c.account_id
left join public.provider_writes w on w.user_id = l.user_id and w.id = l.id;
comment on view public.appointment_status is 'Whether appointments are synced, and if not, why';
