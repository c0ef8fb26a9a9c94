-- These reach what the service role itself may not, or change the schema; each is to be looked at twice.
-- Broken by: alter function public.reset_calendar security definer;
select proname from pg_proc
where prosecdef and pronamespace = 'public'::regnamespace
  and proname not in ('create_partitions', 'default_holds', 'drop_expired_partitions', 'sealed_credentials',
                      'store_credentials', 'forget_credentials', 'credentials_to_reseal', 'reseal_credentials',
                      'count_credentials', 'find_people', 'find_or_add_person', 'calsync_limits', 'set_limits', 'track_appointment')
