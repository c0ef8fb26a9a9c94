-- Who may do what. A signed-in person reads exactly their own rows; nothing is written over REST but by the
-- functions, which belong to the service role; anonymous callers get nothing. Supabase grants everything to
-- everybody by default, hence the revokes.

alter table public.calendar_accounts enable row level security;
revoke all on public.calendar_accounts from public, anon, authenticated, service_role;
grant select on public.calendar_accounts to authenticated;
grant select, insert, update, delete on public.calendar_accounts to service_role;
create policy own_rows on public.calendar_accounts for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendars enable row level security;
revoke all on public.calendars from public, anon, authenticated, service_role;
grant select on public.calendars to authenticated;
grant select, insert, update, delete on public.calendars to service_role;
create policy own_rows on public.calendars for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_sync_states enable row level security;
revoke all on public.calendar_sync_states from public, anon, authenticated, service_role;
grant select on public.calendar_sync_states to authenticated;
grant select, insert, update, delete on public.calendar_sync_states to service_role;
create policy own_rows on public.calendar_sync_states for select to authenticated using (user_id = (select auth.uid()));

alter table public.webhook_subscriptions enable row level security;
revoke all on public.webhook_subscriptions from public, anon, authenticated, service_role;
grant select on public.webhook_subscriptions to authenticated;
grant select, insert, update, delete on public.webhook_subscriptions to service_role;
create policy own_rows on public.webhook_subscriptions for select to authenticated using (user_id = (select auth.uid()));

alter table public.webhook_notifications enable row level security;
revoke all on public.webhook_notifications from public, anon, authenticated, service_role;
grant select on public.webhook_notifications to authenticated;
grant select, insert, update, delete on public.webhook_notifications to service_role;
create policy own_rows on public.webhook_notifications for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_events enable row level security;
revoke all on public.calendar_events from public, anon, authenticated, service_role;
grant select on public.calendar_events to authenticated;
grant select, insert, update, delete on public.calendar_events to service_role;
create policy own_rows on public.calendar_events for select to authenticated using (user_id = (select auth.uid()));

alter table public.event_occurrences enable row level security;
revoke all on public.event_occurrences from public, anon, authenticated, service_role;
grant select on public.event_occurrences to authenticated;
grant select, insert, update, delete on public.event_occurrences to service_role;
create policy own_rows on public.event_occurrences for select to authenticated using (user_id = (select auth.uid()));

alter table public.meetings enable row level security;
revoke all on public.meetings from public, anon, authenticated, service_role;
grant select on public.meetings to authenticated;
grant select, insert, update, delete on public.meetings to service_role;
create policy own_rows on public.meetings for select to authenticated using (user_id = (select auth.uid()));

alter table public.refused_events enable row level security;
revoke all on public.refused_events from public, anon, authenticated, service_role;
grant select on public.refused_events to authenticated;
grant select, insert, update, delete on public.refused_events to service_role;
create policy own_rows on public.refused_events for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_sync_logs enable row level security;
revoke all on public.calendar_sync_logs from public, anon, authenticated, service_role;
grant select on public.calendar_sync_logs to authenticated;
grant select, insert, update, delete on public.calendar_sync_logs to service_role;
create policy own_rows on public.calendar_sync_logs for select to authenticated using (user_id = (select auth.uid()));

alter table public.api_call_ledger enable row level security;
revoke all on public.api_call_ledger from public, anon, authenticated, service_role;
grant select on public.api_call_ledger to authenticated;
grant select, insert, update, delete on public.api_call_ledger to service_role;
create policy own_rows on public.api_call_ledger for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_alerts enable row level security;
revoke all on public.calendar_alerts from public, anon, authenticated, service_role;
grant select on public.calendar_alerts to authenticated;
grant select, insert, update, delete on public.calendar_alerts to service_role;
create policy own_rows on public.calendar_alerts for select to authenticated using (user_id = (select auth.uid()));

alter table public.calendar_monitoring_results enable row level security;
revoke all on public.calendar_monitoring_results from public, anon, authenticated, service_role;
grant select on public.calendar_monitoring_results to authenticated;
grant select, insert, update, delete on public.calendar_monitoring_results to service_role;
create policy own_rows on public.calendar_monitoring_results for select to authenticated using (user_id = (select auth.uid()));

alter table public.audit_log enable row level security;
revoke all on public.audit_log from public, anon, authenticated, service_role;
grant select on public.audit_log to authenticated;
grant select, insert on public.audit_log to service_role;
create policy own_rows on public.audit_log for select to authenticated using (user_id = (select auth.uid()));

alter table public.busy_block_rules enable row level security;
revoke all on public.busy_block_rules from public, anon, authenticated, service_role;
grant select on public.busy_block_rules to authenticated;
grant select, insert, update, delete on public.busy_block_rules to service_role;
create policy own_rows on public.busy_block_rules for select to authenticated using (user_id = (select auth.uid()));

alter table public.busy_blocks enable row level security;
revoke all on public.busy_blocks from public, anon, authenticated, service_role;
grant select on public.busy_blocks to authenticated;
grant select, insert, update, delete on public.busy_blocks to service_role;
create policy own_rows on public.busy_blocks for select to authenticated using (user_id = (select auth.uid()));

alter table public.provider_writes enable row level security;
revoke all on public.provider_writes from public, anon, authenticated, service_role;
grant select on public.provider_writes to authenticated;
grant select, insert, update, delete on public.provider_writes to service_role;
create policy own_rows on public.provider_writes for select to authenticated using (user_id = (select auth.uid()));

-- The one table that people write: their own rows, and of these what is theirs to say. Triggers look at the rest.
alter table public.appointments enable row level security;
revoke all on public.appointments from public, anon, authenticated, service_role;
grant select, delete on public.appointments to authenticated;
grant insert (user_id, id, calendar_id, summary, description, location, start_at, end_at, start_date, end_date, time_zone,
              show_as, visibility) on public.appointments to authenticated;
grant update (summary, description, location, start_at, end_at, start_date, end_date, time_zone, show_as, visibility)
  on public.appointments to authenticated;
grant select, insert, update, delete on public.appointments to service_role;
create policy own_rows on public.appointments to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

alter table public.appointment_links enable row level security;
revoke all on public.appointment_links from public, anon, authenticated, service_role;
grant select on public.appointment_links to authenticated;
grant select, insert, update, delete on public.appointment_links to service_role;
create policy own_rows on public.appointment_links for select to authenticated using (user_id = (select auth.uid()));

alter table public.sync_conflicts enable row level security;
revoke all on public.sync_conflicts from public, anon, authenticated, service_role;
grant select on public.sync_conflicts to authenticated;
grant select, insert, update, delete on public.sync_conflicts to service_role;
create policy own_rows on public.sync_conflicts for select to authenticated using (user_id = (select auth.uid()));

-- Private tables: for definer functions, and for the service role where a plain function writes them.
alter table calsync_private.limits enable row level security;
alter table calsync_private.installation enable row level security;
alter table calsync_private.account_credentials enable row level security;
alter table calsync_private.provider_circuits enable row level security;
alter table calsync_private.full_sync_seen enable row level security;
alter table calsync_private.oauth_flows enable row level security;
grant select, insert, update, delete on calsync_private.oauth_flows to service_role;
alter table calsync_private.idempotency_keys enable row level security;
alter table calsync_private.appointment_offers enable row level security;
alter table calsync_private.appointment_sightings enable row level security;
grant usage on schema calsync_private to service_role;
grant select, insert, update, delete on calsync_private.appointment_offers, calsync_private.appointment_sightings to service_role;
grant select on calsync_private.installation to service_role;
grant select, insert, update, delete on calsync_private.provider_circuits, calsync_private.full_sync_seen,
  calsync_private.idempotency_keys to service_role;

-- Views run with the rights of the caller (security_invoker), so the policies above hold behind them.
revoke all on public.calendar_webhooks from public, anon, authenticated, service_role;
grant select on public.calendar_webhooks to authenticated, service_role;
revoke all on public.hybrid_status from public, anon, authenticated, service_role;
grant select on public.hybrid_status to authenticated, service_role;
revoke all on public.calendar_webhook_logs from public, anon, authenticated, service_role;
grant select on public.calendar_webhook_logs to authenticated, service_role;
revoke all on public.webhook_retry_queue from public, anon, authenticated, service_role;
grant select on public.webhook_retry_queue to authenticated, service_role;
revoke all on public.dead_letters from public, anon, authenticated, service_role;
grant select on public.dead_letters to authenticated, service_role;
revoke all on public.polling_efficiency from public, anon, authenticated, service_role;
grant select on public.polling_efficiency to authenticated, service_role;
revoke all on public.sync_performance from public, anon, authenticated, service_role;
grant select on public.sync_performance to authenticated, service_role;
revoke all on public.detection_rates from public, anon, authenticated, service_role;
grant select on public.detection_rates to authenticated, service_role;
revoke all on public.api_call_savings from public, anon, authenticated, service_role;
grant select on public.api_call_savings to authenticated, service_role;
revoke all on public.change_latency from public, anon, authenticated, service_role;
grant select on public.change_latency to authenticated, service_role;
revoke all on public.subscription_leaks from public, anon, authenticated, service_role;
grant select on public.subscription_leaks to authenticated, service_role;
revoke all on public.series_to_expand from public, anon, authenticated, service_role;
grant select on public.series_to_expand to service_role;
revoke all on public.mirrored_events from public, anon, authenticated, service_role;
grant select on public.mirrored_events to service_role;
revoke all on public.due_summary from public, anon, authenticated, service_role;
grant select on public.due_summary to service_role;
revoke all on public.calendar_explanations from public, anon, authenticated, service_role;
grant select on public.calendar_explanations to authenticated, service_role;
revoke all on public.mirrored_etags from public, anon, authenticated, service_role;
grant select on public.mirrored_etags to service_role;
revoke all on public.calendars_to_verify from public, anon, authenticated, service_role;
grant select on public.calendars_to_verify to service_role;
revoke all on public.calendar_facts from public, anon, authenticated, service_role;
grant select on public.calendar_facts to authenticated, service_role;
revoke all on public.busy_block_pairs from public, anon, authenticated, service_role;
grant select on public.busy_block_pairs to authenticated, service_role;
revoke all on public.block_latency from public, anon, authenticated, service_role;
grant select on public.block_latency to authenticated, service_role;
revoke all on public.appointment_status from public, anon, authenticated, service_role;
grant select on public.appointment_status to authenticated, service_role;
revoke all on public.busy_block_status from public, anon, authenticated, service_role;
grant select on public.busy_block_status to authenticated, service_role;
