-- Internal: adds to what a calendar cost today.
create function public.note_cost(p_user_id uuid, p_calendar_id uuid, p_api_calls integer, p_syncs integer,
                                 p_polls integer, p_polls_skipped integer)
returns void language sql set search_path = '' as $$
  insert into public.api_call_ledger as l (user_id, calendar_id, day, api_calls, syncs, polls, polls_skipped)
  values (p_user_id, p_calendar_id, (public.calsync_now() at time zone 'UTC')::date,
          p_api_calls, p_syncs, p_polls, p_polls_skipped)
  on conflict (user_id, calendar_id, day) do update set
    api_calls = l.api_calls + excluded.api_calls,
    syncs = l.syncs + excluded.syncs,
    polls = l.polls + excluded.polls,
    polls_skipped = l.polls_skipped + excluded.polls_skipped
$$;
comment on function public.note_cost is 'Adds API calls, syncs, polls and skipped polls to the ledger of today (UTC)';

-- Internal: holds calls against the running minute of the account, for claim_due_calendars to respect.
create function public.spend_budget(p_user_id uuid, p_account_id uuid, p_api_calls integer)
returns void language sql set search_path = '' as $$
  update public.calendar_accounts set
    budget_used = p_api_calls + case when budget_minute = date_trunc('minute', public.calsync_now())
                                     then budget_used else 0 end,
    budget_minute = date_trunc('minute', public.calsync_now())
  where user_id = p_user_id and id = p_account_id and p_api_calls > 0
$$;
comment on function public.spend_budget is 'Counts API calls in the running minute of an account';

revoke execute on function public.note_cost from public, anon, authenticated;
grant execute on function public.note_cost to service_role;
revoke execute on function public.spend_budget from public, anon, authenticated;
grant execute on function public.spend_budget to service_role;
