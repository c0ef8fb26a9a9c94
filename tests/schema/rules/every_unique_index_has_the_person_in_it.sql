-- Those without a constraint are unique keys as well.
-- Broken by: create unique index on public.calendars (name) where is_primary;
select i.indexrelid::regclass::text from pg_index i
join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
where i.indisunique
  and not exists (select from pg_attribute a where a.attrelid = i.indrelid and a.attname = 'user_id'
                  and a.attnum = any (i.indkey::smallint[]))
