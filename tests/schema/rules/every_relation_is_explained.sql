-- Tables and views say in a comment what they hold; partitions are their tables.
-- Broken by: comment on table public.calendars is null;
select oid::regclass::text from pg_class
where relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and relkind in ('r', 'p', 'v')
  and not relispartition and obj_description(oid, 'pg_class') is null
