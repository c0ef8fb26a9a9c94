-- The person of a row is the person of every row that it refers to.
-- Broken by: alter table public.meetings add column owner uuid, add foreign key (owner, event_id) references public.calendar_events (user_id, id);
select k.conrelid::regclass || ': ' || pg_get_constraintdef(k.oid) from pg_constraint k
where k.connamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and k.contype = 'f'
  and not exists (
    select from pg_attribute a
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[array_position(k.conkey, a.attnum)]
    where a.attrelid = k.conrelid and a.attname = 'user_id'
      and b.attname = case k.confrelid when 'auth.users'::regclass then 'id' else 'user_id' end)
