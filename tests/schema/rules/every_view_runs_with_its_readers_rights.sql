-- Or the policies of the tables behind it would not hold.
-- Broken by: create view public.everybody as select * from public.calendars;
select oid::regclass::text from pg_class
where relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace)
  and (relkind = 'm' or (relkind = 'v' and not coalesce('security_invoker=true' = any (reloptions), false)))
