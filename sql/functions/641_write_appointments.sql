-- Internal: an appointment as its provider should have it; no draft: its event is to be deleted. Remembers what is
-- handed out, since the provider may get it though we never hear so.
create function public.appointment_draft(p_user_id uuid, p_id uuid)
returns table (tag text, draft jsonb, provider_event_id text, etag text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_link public.appointment_links;
  v_content jsonb;
begin
  select * into v_link from public.appointment_links l where l.user_id = p_user_id and l.id = p_id;
  if not found then
    return;
  end if;
  select public.appointment_content(a) into v_content from public.appointments a
  where a.user_id = p_user_id and a.id = p_id and v_link.deleted_at is null;
  if v_content is not null then
    insert into calsync_private.appointment_offers as o (user_id, id, calendar_id, contents)
    values (p_user_id, p_id, v_link.calendar_id, jsonb_build_array(v_content))
    on conflict (user_id, id) do update set contents = case when o.contents -> -1 = v_content then o.contents
      -- The last few: what was handed out earlier was refused by now.
      else jsonb_path_query_array(o.contents || v_content, '$[last - 4 to last]') end;
  end if;
  return query select v_link.tag, v_content, v_link.provider_event_id, v_link.etag;
end
$$;
comment on function public.appointment_draft is 'An appointment as its provider should have it';

-- Outcomes of writes of appointments: [{"id", "result", "provider_event_id", "etag", "as_asked"}]. Written: both sides
-- agree on what was handed out. Deleted: the link goes. An event that was found with another content, or not found,
-- is left alone until the mirror was read and merged. The links are locked (lock_subjects).
create function public.settle_appointments(p_user_id uuid, p_outcomes jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_outcome record;
  v_link public.appointment_links;
begin
  for v_outcome in
    select o.id, o.result, o.provider_event_id, o.etag, coalesce(o.as_asked, true) as as_asked
    from jsonb_to_recordset(p_outcomes) as o (id uuid, result text, provider_event_id text, etag text, as_asked boolean)
  loop
    select * into v_link from public.appointment_links l where l.user_id = p_user_id and l.id = v_outcome.id for no key update;
    if not found then
      continue;
    elsif v_outcome.result = 'written' and v_outcome.as_asked then
      perform public.settle_written(v_link, v_outcome.provider_event_id, v_outcome.etag);
    elsif v_outcome.result = 'written' then
      perform public.hold_for_merge(v_link, v_outcome.provider_event_id, v_outcome.etag, null);
    elsif v_outcome.result = 'vanished' then
      perform public.hold_for_merge(v_link, v_link.provider_event_id, v_link.etag, public.calsync_now());
    elsif v_link.deleted_at is not null then
      perform public.forget_link(p_user_id, v_link.id);
    else
      perform public.begin_anew(v_link); -- It came back while its event was being deleted.
    end if;
  end loop;
end
$$;
comment on function public.settle_appointments is 'Tells appointments what became of their events';

-- Internal: the provider has the version that was handed out last.
create function public.settle_written(p_link public.appointment_links, p_provider_event_id text, p_etag text)
returns void language plpgsql set search_path = '' as $$
declare
  v_offered jsonb;
begin
  delete from calsync_private.appointment_offers o where o.user_id = p_link.user_id and o.id = p_link.id
  returning o.contents -> -1 into v_offered;
  update public.appointment_links l set
    provider_event_id = p_provider_event_id, etag = p_etag, agreed_at = public.calsync_now(), held = null, vanished_at = null,
    base = coalesce(v_offered, l.base), base_remote = null,
    own_etags = case when p_etag = l.seen_etag then l.own_etags else l.own_etags || p_etag end,
    local_changed_at = case when exists (
      select from public.appointments a where a.user_id = l.user_id and a.id = l.id
        and public.appointment_content(a) = coalesce(v_offered, l.base)) then null else l.local_changed_at end,
    version = l.version + 1, updated_at = public.calsync_now()
  where l.user_id = p_link.user_id and l.id = p_link.id;
  -- A sync may have been faster.
  perform public.sight_again(p_link.user_id, p_link.id) from public.calendar_events e
  where e.user_id = p_link.user_id and e.calendar_id = p_link.calendar_id and e.provider_event_id = p_provider_event_id;
end
$$;
comment on function public.settle_written is 'Both sides agree on what was written';

-- Internal: the mirror must be read before more is written (settle_provider_writes asks for that).
create function public.hold_for_merge(p_link public.appointment_links, p_provider_event_id text, p_etag text,
                                      p_vanished_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  update public.appointment_links l set provider_event_id = p_provider_event_id, etag = p_etag, held = 'merge',
    vanished_at = p_vanished_at, version = l.version + 1, updated_at = public.calsync_now()
  where l.user_id = p_link.user_id and l.id = p_link.id;
  delete from public.provider_writes w where w.user_id = p_link.user_id and w.id = p_link.id;
  perform public.sight_again(p_link.user_id, p_link.id);
  perform public.make_due(p_link.user_id, p_link.calendar_id, 'repair');
end
$$;
comment on function public.hold_for_merge is 'Writes nothing more of an appointment before the next merge';

-- Internal: the event is gone, and the appointment gets another one.
create function public.begin_anew(p_link public.appointment_links) returns void language sql set search_path = '' as $$
  update public.appointment_links l set
    generation = l.generation + 1, tag = public.appointment_tag(l.id, l.generation + 1), provider_event_id = null, etag = null,
    base = null, base_remote = null, agreed_at = null, seen_etag = null, own_etags = '{}', held = null, vanished_at = null,
    version = l.version + 1, updated_at = public.calsync_now()
  where l.user_id = p_link.user_id and l.id = p_link.id;
  delete from calsync_private.appointment_offers where user_id = p_link.user_id and id = p_link.id;
  delete from calsync_private.appointment_sightings where user_id = p_link.user_id and id = p_link.id;
$$;
comment on function public.begin_anew is 'An appointment loses its event and gets a new one';

revoke execute on function public.appointment_draft from public, anon, authenticated;
grant execute on function public.appointment_draft to service_role;
revoke execute on function public.settle_appointments from public, anon, authenticated;
grant execute on function public.settle_appointments to service_role;
revoke execute on function public.settle_written from public, anon, authenticated;
grant execute on function public.settle_written to service_role;
revoke execute on function public.hold_for_merge from public, anon, authenticated;
grant execute on function public.hold_for_merge to service_role;
revoke execute on function public.begin_anew from public, anon, authenticated;
grant execute on function public.begin_anew to service_role;
