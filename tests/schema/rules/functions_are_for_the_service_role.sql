-- Nobody else may call one, but for the clock (views run with their reader's rights and need it) and the check of a time
-- zone (so does the trigger that looks at what people write).
-- Broken by: grant execute on function public.reset_calendar to authenticated;
select p.oid::regprocedure || ' for ' || case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end
from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
where p.pronamespace in ('public'::regnamespace, 'calsync_private'::regnamespace)
  and a.grantee not in (p.proowner, 'service_role'::regrole)
  and not (a.grantee = 'authenticated'::regrole and p.proname in ('calsync_now', 'calsync_limits', 'is_zone'))
