-- Nothing is written over REST but by the functions of the service role, and appointments (by column, see policies.sql)
-- by their people; anonymous callers may nothing at all.
-- Broken by: grant update on public.calendars to authenticated;
select c.oid::regclass || ': ' || r.role || ' may ' || p.privilege from pg_class c
cross join unnest(array['anon', 'authenticated']) r (role)
cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p (privilege)
where c.relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and c.relkind in ('r', 'p', 'v')
  and has_table_privilege(r.role, c.oid, p.privilege)
  and not (r.role = 'authenticated' and p.privilege = 'select')
  and not (r.role = 'authenticated' and p.privilege = 'delete' and c.oid = 'public.appointments'::regclass)
union all
select a.attrelid::regclass || '.' || a.attname || ': ' || r.role || ' may ' || p.privilege from pg_attribute a
join pg_class c on c.oid = a.attrelid
cross join unnest(array['anon', 'authenticated']) r (role)
cross join unnest(array['insert', 'update']) p (privilege)
where c.relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and c.relkind in ('r', 'p', 'v')
  and a.attnum > 0 and not a.attisdropped and has_column_privilege(r.role, c.oid, a.attnum, p.privilege)
  and not (r.role = 'authenticated' and c.oid = 'public.appointments'::regclass and (
    a.attname in ('summary', 'description', 'location', 'start_at', 'end_at', 'start_date', 'end_date', 'time_zone',
                  'show_as', 'visibility')
    or (p.privilege = 'insert' and a.attname in ('user_id', 'id', 'calendar_id'))))
