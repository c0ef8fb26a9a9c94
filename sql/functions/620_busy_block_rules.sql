-- A person sets how one calendar blocks another. p_rule: {"is_enabled", "copy_title", "skip_free", "skip_tentative",
-- "skip_all_day", "skip_declined", "skip_working_location"}, each a boolean; what is left out stays as it is. A rule
-- may wait for its calendars: it never enables what is impossible (see busy_block_pairs).
create function public.set_busy_block_rule(p_user_id uuid, p_source uuid, p_target uuid, p_rule jsonb,
                                           p_actor text default 'cli', p_request_id text default null)
returns table (pair jsonb) language plpgsql set search_path = '' as $$
begin
  perform public.check_busy_block_pair(p_user_id, p_source, p_target);
  perform public.check_busy_block_rule(p_rule);
  insert into public.busy_block_rules as r (user_id, source_calendar_id, target_calendar_id, is_enabled, copy_title,
    skip_free, skip_tentative, skip_all_day, skip_declined, skip_working_location)
  select p.user_id, p.source_calendar_id, p.target_calendar_id, coalesce((p_rule ->> 'is_enabled')::boolean, p.by_default),
    coalesce((p_rule ->> 'copy_title')::boolean, p.copy_title), coalesce((p_rule ->> 'skip_free')::boolean, p.skip_free),
    coalesce((p_rule ->> 'skip_tentative')::boolean, p.skip_tentative),
    coalesce((p_rule ->> 'skip_all_day')::boolean, p.skip_all_day),
    coalesce((p_rule ->> 'skip_declined')::boolean, p.skip_declined),
    coalesce((p_rule ->> 'skip_working_location')::boolean, p.skip_working_location)
  from public.busy_block_pairs p
  where p.user_id = p_user_id and p.source_calendar_id = p_source and p.target_calendar_id = p_target
  on conflict (user_id, source_calendar_id, target_calendar_id) do update set
    is_enabled = coalesce((p_rule ->> 'is_enabled')::boolean, r.is_enabled), copy_title = excluded.copy_title,
    skip_free = excluded.skip_free, skip_tentative = excluded.skip_tentative, skip_all_day = excluded.skip_all_day,
    skip_declined = excluded.skip_declined, skip_working_location = excluded.skip_working_location,
    updated_at = public.calsync_now();
  perform public.mark_blocks_due(p_user_id, array[p_source, p_target]);
  perform public.write_audit(p_user_id, p_actor, 'busy_block_rule.set', p_source::text, p_request_id,
                             p_rule || jsonb_build_object('target_calendar_id', p_target));
  return query select to_jsonb(p) from public.busy_block_pairs p
  where p.user_id = p_user_id and p.source_calendar_id = p_source and p.target_calendar_id = p_target;
end
$$;
comment on function public.set_busy_block_rule is 'Sets the rule for busy blocks of a pair of calendars; gives the row of busy_block_pairs that holds now';

-- The default holds again. Answers whether there was a rule.
create function public.clear_busy_block_rule(p_user_id uuid, p_source uuid, p_target uuid, p_actor text default 'cli',
                                             p_request_id text default null)
returns table (cleared boolean) language plpgsql set search_path = '' as $$
begin
  perform public.check_busy_block_pair(p_user_id, p_source, p_target);
  delete from public.busy_block_rules r
  where r.user_id = p_user_id and r.source_calendar_id = p_source and r.target_calendar_id = p_target;
  cleared := found;
  if cleared then
    perform public.mark_blocks_due(p_user_id, array[p_source, p_target]);
    perform public.write_audit(p_user_id, p_actor, 'busy_block_rule.clear', p_source::text, p_request_id,
                               jsonb_build_object('target_calendar_id', p_target));
  end if;
  return next;
end
$$;
comment on function public.clear_busy_block_rule is 'Removes the rule of a pair of calendars: the default holds again';

-- Internal: refuses a pair that is none, or that is not the person's.
create function public.check_busy_block_pair(p_user_id uuid, p_source uuid, p_target uuid)
returns void language plpgsql stable set search_path = '' as $$
declare
  v_missing uuid;
begin
  if p_source = p_target then
    raise exception 'a calendar does not block itself' using errcode = 'CS003', hint = 'Name two calendars.';
  end if;
  select k.id into v_missing from unnest(array[p_source, p_target]) k (id)
  where not exists (select 1 from public.calendars c where c.user_id = p_user_id and c.id = k.id) limit 1;
  if found then
    raise exception 'calendar % does not exist', v_missing using errcode = 'CS002';
  end if;
end
$$;
comment on function public.check_busy_block_pair is 'CS002 for unknown calendars, CS003 for one calendar twice';

-- Internal: refuses words that no rule has, and values that are not booleans.
create function public.check_busy_block_rule(p_rule jsonb)
returns void language plpgsql immutable set search_path = '' as $$
declare
  v_words constant text[] := array['is_enabled', 'copy_title', 'skip_free', 'skip_tentative', 'skip_all_day',
                                   'skip_declined', 'skip_working_location'];
  v_wrong text;
begin
  if jsonb_typeof(p_rule) is distinct from 'object' then
    raise exception 'a rule is an object' using errcode = 'CS003', hint = 'Each of its values is true or false.';
  end if;
  select w.key into v_wrong from jsonb_each(p_rule) w
  where w.key <> all (v_words) or jsonb_typeof(w.value) <> 'boolean' order by w.key limit 1;
  if found then
    raise exception 'a rule cannot have % = %', v_wrong, p_rule -> v_wrong using errcode = 'CS003',
      hint = 'true or false for: ' || array_to_string(v_words, ', ');
  end if;
end
$$;
comment on function public.check_busy_block_rule is 'CS003 for what is no rule';

revoke execute on function public.set_busy_block_rule from public, anon, authenticated;
grant execute on function public.set_busy_block_rule to service_role;
revoke execute on function public.clear_busy_block_rule from public, anon, authenticated;
grant execute on function public.clear_busy_block_rule to service_role;
revoke execute on function public.check_busy_block_pair from public, anon, authenticated;
grant execute on function public.check_busy_block_pair to service_role;
revoke execute on function public.check_busy_block_rule from public, anon, authenticated;
grant execute on function public.check_busy_block_rule to service_role;
