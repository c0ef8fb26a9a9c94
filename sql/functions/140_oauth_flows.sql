-- A person begins to connect an account; p_state_hash and p_browser_hash are SHA-256 in hex.
create function public.start_oauth_flow(p_user_id uuid, p_provider text, p_state_hash text, p_browser_hash text,
                                        p_scopes jsonb, p_sealed text, p_seconds double precision)
returns table (expires_at timestamptz) language sql set search_path = '' as $$
  insert into calsync_private.oauth_flows (user_id, state_hash, browser_hash, provider, scopes, sealed, expires_at)
  values (p_user_id, p_state_hash, p_browser_hash, p_provider, array(select jsonb_array_elements_text(p_scopes)),
          p_sealed, public.calsync_now() + make_interval(secs => p_seconds))
  returning oauth_flows.expires_at
$$;
comment on function public.start_oauth_flow is 'Writes an attempt to connect an account down';

-- The answer came: its attempt is used up, and what it needs is given, once. Every other outcome gives nothing
-- and changes nothing. Two answers at once: the row lock lets one of them win.
create function public.take_oauth_flow(p_provider text, p_state_hash text, p_browser_hash text)
returns table (outcome text, user_id uuid, scopes text[], sealed text) language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := public.calsync_now();
  v_flow calsync_private.oauth_flows;
  v_outcome text;
begin
  select f.* into v_flow from calsync_private.oauth_flows f
  where f.state_hash = p_state_hash and f.provider = p_provider for update;
  v_outcome := case
    when v_flow.user_id is null then 'unknown'
    when v_flow.browser_hash <> p_browser_hash then 'other_browser'
    when v_flow.consumed_at is not null then 'replayed'
    when v_flow.expires_at <= v_now then 'expired'
    else 'taken'
  end;
  if v_outcome <> 'taken' then
    return query select v_outcome, null::uuid, null::text[], null::text;
    return;
  end if;
  update calsync_private.oauth_flows f set consumed_at = v_now
  where f.user_id = v_flow.user_id and f.state_hash = p_state_hash;
  return query select v_outcome, v_flow.user_id, v_flow.scopes, v_flow.sealed;
end
$$;
comment on function public.take_oauth_flow is 'Uses an attempt up: taken, or unknown, other_browser, replayed, expired';

revoke execute on function public.start_oauth_flow from public, anon, authenticated;
grant execute on function public.start_oauth_flow to service_role;
revoke execute on function public.take_oauth_flow from public, anon, authenticated;
grant execute on function public.take_oauth_flow to service_role;
