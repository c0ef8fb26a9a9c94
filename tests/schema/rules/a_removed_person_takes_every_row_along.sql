-- Every table hangs on auth.users by a chain of cascading keys.
-- Broken by: create table public.notes (user_id uuid primary key);
with recursive removed as (
  select 'auth.users'::regclass::oid as oid
  union
  select k.conrelid from pg_constraint k join removed r on r.oid = k.confrelid
  where k.contype = 'f' and k.confdeltype = 'c'
)
select c.oid::regclass::text from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
where c.relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and c.relkind in ('r', 'p')
  and c.oid not in (select oid from removed)
