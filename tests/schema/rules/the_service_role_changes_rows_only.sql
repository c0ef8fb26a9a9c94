-- Whatever a project grants by default: rows of tables are what the functions need, and views are only read.
-- Broken by: grant truncate on public.calendars to service_role;
select c.oid::regclass || ': ' || p.privilege from pg_class c
cross join unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p (privilege)
where c.relnamespace in ('public'::regnamespace, 'calsync_private'::regnamespace) and c.relkind in ('r', 'p', 'v')
  and has_table_privilege('service_role', c.oid, p.privilege)
  and (c.relkind = 'v' or p.privilege not in ('insert', 'update', 'delete'))
