-- Settles the writes of one delivery to a calendar, each for whoever still holds its lease. p_outcomes:
-- [{"id", "lease_token", "result", "provider_event_id", "etag", "as_asked", "error_code", "error_message",
-- "delay_seconds", "dead"}]. Results: written; deleted; vanished, stale: the mirror is behind, so the calendar is read
-- again; failed: tried again after the delay, or dead; postponed: not tried. Answers how many counted.
create function public.settle_provider_writes(p_user_id uuid, p_calendar_id uuid, p_outcomes jsonb, p_api_calls integer)
returns table (settled integer, dead integer) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_account_id uuid;
  v_held jsonb;
  v_subject text;
begin
  select c.account_id into v_account_id from public.calendars c where c.user_id = p_user_id and c.id = p_calendar_id;
  -- The state row, the person, and then all else: in the order in which a sync takes them.
  if jsonb_path_exists(p_outcomes, '$[*] ? (@.result == "stale" || @.result == "vanished" || @.as_asked == false)') then
    perform public.make_due(p_user_id, p_calendar_id, 'repair');
  end if;
  perform public.lock_person(p_user_id);
  perform public.lock_subjects(p_user_id, p_outcomes);
  select coalesce(jsonb_agg(o || jsonb_build_object('subject', w.subject, 'changed', w.change_seq > w.claimed_seq)), '[]')
  into v_held
  from jsonb_array_elements(p_outcomes) o
  cross join lateral (
    select * from public.provider_writes w where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid
      and w.lease_token = (o ->> 'lease_token')::bigint and w.lease_expires_at > v_now
    for update) w;

  foreach v_subject in array array['busy_block', 'appointment'] loop
    perform public.settle_subjects(p_user_id, v_subject, jsonb_path_query_array(v_held,
      '$[*] ? (@.subject == $subject && (@.result == "written" || @.result == "deleted" || @.result == "vanished"))',
      jsonb_build_object('subject', v_subject)));
  end loop;
  perform public.release_done_writes(p_user_id, v_held);
  perform public.release_failed_writes(p_user_id, v_held);
  perform public.judge_writes(p_user_id, v_account_id, p_calendar_id);
  perform public.note_cost(p_user_id, p_calendar_id, p_api_calls, 0, 0, 0);
  perform public.spend_budget(p_user_id, v_account_id, p_api_calls);
  return query select jsonb_array_length(v_held),
    (select count(*)::integer from jsonb_array_elements(v_held) o where (o ->> 'dead')::boolean);
end
$$;
comment on function public.settle_provider_writes is 'Settles delivered writes: done, changed meanwhile, to be retried, or dead';

-- Internal: locks the busy blocks and appointments of writes, in the order of their ids.
create function public.lock_subjects(p_user_id uuid, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  perform from public.busy_blocks b
  where b.user_id = p_user_id and b.id = any (array(select (o ->> 'id')::uuid from jsonb_array_elements(p_outcomes) o))
  order by b.id for update;
  perform from public.appointment_links l
  where l.user_id = p_user_id and l.id = any (array(select (o ->> 'id')::uuid from jsonb_array_elements(p_outcomes) o))
  order by l.id for no key update;
end
$$;
comment on function public.lock_subjects is 'Locks what writes are about, before the writes themselves';

-- Internal: tells busy blocks or appointments what became of their events.
create function public.settle_subjects(p_user_id uuid, p_subject text, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
begin
  if jsonb_array_length(p_outcomes) = 0 then
    return;
  elsif p_subject = 'busy_block' then
    perform public.settle_blocks(p_user_id, p_outcomes);
  else
    perform public.settle_appointments(p_user_id, p_outcomes);
  end if;
end
$$;
comment on function public.settle_subjects is 'Passes outcomes to what they are about';

-- Internal: writes that succeeded leave the outbox, unless there is more to do: changed meanwhile, found with another
-- content, or gone there and to be created anew. A busy block that is no more needs nothing.
create function public.release_done_writes(p_user_id uuid, p_held jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
begin
  delete from public.provider_writes w using jsonb_array_elements(p_held) o
  where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid
    and ((o ->> 'result' in ('written', 'deleted') and not (o ->> 'changed')::boolean
          and coalesce((o ->> 'as_asked')::boolean, true))
      or (o ->> 'result' in ('deleted', 'vanished') and w.subject = 'busy_block' and not exists (
            select from public.busy_blocks b where b.user_id = w.user_id and b.id = w.id)));
  update public.provider_writes w set
    action = case
      when w.subject = 'appointment' then case w.action when 'create' then 'update' else w.action end
      when not b.is_wanted then 'delete'
      when b.provider_event_id is null then 'create' else 'update' end,
    lease_holder = null, lease_expires_at = null, attempts = 0, updated_at = v_now,
    -- An appointment that is gone there waits for the mirror to say so.
    due_at = v_now + case when w.subject = 'appointment' and o ->> 'result' = 'vanished'
                          then interval '1 minute' else interval '0' end
  from jsonb_array_elements(p_held) o
  left join public.busy_blocks b on b.user_id = p_user_id and b.id = (o ->> 'id')::uuid
  where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid and o ->> 'result' in ('written', 'deleted', 'vanished');
  if found then
    perform pg_notify('calsync_due', '');
  end if;
end
$$;
comment on function public.release_done_writes is 'Ends successful writes; those with more to do are due again';

-- Internal: writes that did not succeed are due again after their delay, unless they changed meanwhile; a dead one
-- waits for `calsync dead-letters replay` or for the next change.
create function public.release_failed_writes(p_user_id uuid, p_held jsonb)
returns void language sql set search_path = '' as $$
  update public.provider_writes w set
    lease_holder = null, lease_expires_at = null, updated_at = public.calsync_now(),
    -- Merged while it was refused: its next try has the newer etag.
    due_at = public.calsync_now() + case when o ->> 'result' = 'stale' and (o ->> 'changed')::boolean then interval '0'
      else make_interval(secs => (o ->> 'delay_seconds')::double precision) end,
    attempts = w.attempts + (o ->> 'result' <> 'postponed')::integer,
    dead_at = case when (o ->> 'dead')::boolean and not (o ->> 'changed')::boolean then public.calsync_now() end,
    last_error_code = case when o ->> 'result' = 'stale' then 'stale' else o ->> 'error_code' end,
    last_error_message = o ->> 'error_message', last_error_at = public.calsync_now()
  from jsonb_array_elements(p_held) o
  where w.user_id = p_user_id and w.id = (o ->> 'id')::uuid and o ->> 'result' in ('stale', 'failed', 'postponed')
$$;
comment on function public.release_failed_writes is 'Schedules the retry of failed writes';

-- Internal: one alert while a calendar has dead writes.
create function public.judge_writes(p_user_id uuid, p_account_id uuid, p_calendar_id uuid)
returns void language plpgsql set search_path = '' as $$
declare
  v_dead integer;
begin
  select count(*) into v_dead from public.provider_writes w
  where w.user_id = p_user_id and w.calendar_id = p_calendar_id and w.dead_at is not null;
  if v_dead = 0 then
    perform public.resolve_alerts(p_user_id, p_calendar_id, array['writes_failing']);
  else
    perform public.open_alert(p_user_id, p_account_id, p_calendar_id, 'writes_failing', 'high', format(
      'Events cannot be written to this calendar (%s waiting); list them with: calsync dead-letters', v_dead));
  end if;
end
$$;
comment on function public.judge_writes is 'Opens or resolves the alert about dead writes of a calendar';

revoke execute on function public.settle_provider_writes from public, anon, authenticated;
grant execute on function public.settle_provider_writes to service_role;
revoke execute on function public.lock_subjects from public, anon, authenticated;
grant execute on function public.lock_subjects to service_role;
revoke execute on function public.settle_subjects from public, anon, authenticated;
grant execute on function public.settle_subjects to service_role;
revoke execute on function public.release_done_writes from public, anon, authenticated;
grant execute on function public.release_done_writes to service_role;
revoke execute on function public.release_failed_writes from public, anon, authenticated;
grant execute on function public.release_failed_writes to service_role;
revoke execute on function public.judge_writes from public, anon, authenticated;
grant execute on function public.judge_writes to service_role;
