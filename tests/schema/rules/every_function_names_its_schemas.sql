-- With an empty search_path, nobody's own table or operator can take the place of ours.
-- Broken by: alter function public.hold_lease set search_path = public;
select oid::regprocedure::text from pg_proc
where pronamespace in ('public'::regnamespace, 'calsync_private'::regnamespace)
  and not coalesce('search_path=""' = any (proconfig), false)
