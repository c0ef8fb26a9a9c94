-- What the merge looks at: appointments whose event changed at the provider (or is gone, which the provider said: a
-- deletion in a sync, or no such event when it was written and the calendar was read since), with all versions. A
-- version of ours that is not our last is left out: the mirror is about to show the last one.
create view public.appointments_to_merge with (security_invoker = true) as
select l.user_id, l.calendar_id, l.id, l.version, s.mark, l.base, l.base_remote, o.contents as offers,
  (select public.appointment_content(a) from public.appointments a
   where a.user_id = l.user_id and a.id = l.id) as local,
  case when e.status <> 'cancelled' then e.etag end as remote_etag, public.event_content(e) as remote,
  coalesce(e.kind = 'series', false) as is_series,
  coalesce(e.etag = any (l.own_etags), false) as is_echo,
  coalesce(c.conflict_policy, t.conflict_policy) as policy,
  coalesce(l.local_changed_at, l.updated_at) as local_changed_at,
  case when e.id is null then s.gone_at else e.provider_updated_at end as remote_changed_at,
  l.agreed_at, case when e.id is null then s.noticed_at else e.updated_at end as seen_at
from calsync_private.appointment_sightings s
join public.appointment_links l on l.user_id = s.user_id and l.id = s.id
join public.calendars c on c.user_id = l.user_id and c.id = l.calendar_id
join public.calendar_accounts t on t.user_id = c.user_id and t.id = c.account_id
join public.calendar_sync_states y on y.user_id = l.user_id and y.calendar_id = l.calendar_id
left join calsync_private.appointment_offers o on o.user_id = l.user_id and o.id = l.id
left join public.calendar_events e on e.user_id = l.user_id and e.calendar_id = l.calendar_id
  and e.provider_event_id = l.provider_event_id
where l.provider_event_id is not null
  and case when e.id is null then s.is_gone or l.vanished_at <= y.last_sync_at
      else e.etag = l.etag or not e.etag = any (l.own_etags) end;
comment on view public.appointments_to_merge is 'Appointments whose event changed, with all that a merge looks at';

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
