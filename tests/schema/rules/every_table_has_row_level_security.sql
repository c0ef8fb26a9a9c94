-- Partitions too: they may be read by their own name.
-- Broken by: create table public.notes (user_id uuid primary key);
select oid::regclass::text from pg_class
where relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace)
  and relkind in ('r', 'p') and not relrowsecurity
