-- A request with an Idempotency-Key begins. No row: it is the first, go on. Else the state of the first one:
-- done (with its answer), running, or other (the key was used for something else). A first one that has
-- not ended within five minutes died, and this request takes its place.
create function public.begin_request(p_user_id uuid, p_key text, p_fingerprint text)
returns table (state text, status integer, answer jsonb) language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := public.calsync_now();
  v_known calsync_private.idempotency_keys;
begin
  delete from calsync_private.idempotency_keys k where k.user_id = p_user_id and k.started_at < v_now - interval '1 day';
  insert into calsync_private.idempotency_keys (user_id, key, fingerprint) values (p_user_id, p_key, p_fingerprint)
  on conflict (user_id, key) do update set started_at = v_now
    where idempotency_keys.status is null and idempotency_keys.fingerprint = p_fingerprint
      and idempotency_keys.started_at < v_now - interval '5 minutes';
  if found then
    return;
  end if;
  select k.* into v_known from calsync_private.idempotency_keys k where k.user_id = p_user_id and k.key = p_key;
  return query select
    case when v_known.fingerprint <> p_fingerprint then 'other' when v_known.status is null then 'running' else 'done' end,
    v_known.status, v_known.answer;
end
$$;
comment on function public.begin_request is 'Takes an idempotency key, or says what became of the request that has it';

-- It ended: repeated requests get this answer.
create function public.finish_request(p_user_id uuid, p_key text, p_status integer, p_answer jsonb)
returns void language sql set search_path = '' as $$
  update calsync_private.idempotency_keys k set status = p_status, answer = p_answer
  where k.user_id = p_user_id and k.key = p_key
$$;
comment on function public.finish_request is 'Keeps the answer of a request with an idempotency key';

-- It failed and did nothing: the same key may try again.
create function public.forget_request(p_user_id uuid, p_key text)
returns void language sql set search_path = '' as $$
  delete from calsync_private.idempotency_keys k where k.user_id = p_user_id and k.key = p_key and k.status is null
$$;
comment on function public.forget_request is 'Frees the idempotency key of a request that failed';

revoke execute on function public.begin_request from public, anon, authenticated;
grant execute on function public.begin_request to service_role;
revoke execute on function public.finish_request from public, anon, authenticated;
grant execute on function public.finish_request to service_role;
revoke execute on function public.forget_request from public, anon, authenticated;
grant execute on function public.forget_request to service_role;
