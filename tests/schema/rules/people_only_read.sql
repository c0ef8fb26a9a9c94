-- Nothing is written over REST but by the functions of the service role; anonymous callers may nothing at all.
-- Broken by: grant update on public.calendars to authenticated;
select c.oid::regclass || ': ' || r.role || ' may ' || p.privilege from pg_class c
cross join unnest(array['anon', 'authenticated']) r (role)
cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p (privilege)
where c.relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and c.relkind in ('r', 'p', 'v')
  and has_table_privilege(r.role, c.oid, p.privilege)
  and not (r.role = 'authenticated' and p.privilege = 'select')
