-- Functions say in a comment what they do.
-- Broken by: comment on function public.hold_lease is null;
select oid::regprocedure::text from pg_proc
where pronamespace in ('public'::regnamespace, 'calsync_private'::regnamespace)
  and obj_description(oid, 'pg_proc') is null
