-- Primary, unique and foreign keys: so the schema shards on user_id, and no key of one person can take that of another.
-- Broken by: alter table public.calendars add unique (provider_calendar_id);
select conrelid::regclass || ': ' || pg_get_constraintdef(k.oid) from pg_constraint k
where k.connamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f')
  and not exists (select from pg_attribute a
                  where a.attrelid = k.conrelid and a.attname = 'user_id' and a.attnum = any (k.conkey))
