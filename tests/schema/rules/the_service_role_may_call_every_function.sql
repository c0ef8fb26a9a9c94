-- Workers over REST are the service role.
-- Broken by: revoke execute on function public.reset_calendar from service_role;
select oid::regprocedure::text from pg_proc
where pronamespace = 'public'::regnamespace and not has_function_privilege('service_role', oid, 'execute')
