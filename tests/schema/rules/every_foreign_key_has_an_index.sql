-- Or removing a person, an account or a calendar reads whole tables.
-- Broken by: drop index public.meetings_by_calendar;
select k.conrelid::regclass || ': ' || k.conname from pg_constraint k
where k.connamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and k.contype = 'f'
  and not exists (
    select from pg_index i
    where i.indrelid = k.conrelid and i.indpred is null
      and k.conkey <@ (i.indkey::smallint[])[0:cardinality(k.conkey) - 1])
