-- A user_id on every row, in the primary key.
-- Broken by: create table public.notes (user_id uuid, id uuid primary key);
select c.oid::regclass::text from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and not exists (
    select from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
    where k.conrelid = c.oid and k.contype = 'p' and a.attname = 'user_id' and a.atttypid = 'uuid'::regtype)
