-- Sealed as they are, no REST role reads them; the functions that claim work hand them out.
-- Broken by: grant select on calsync_private.account_credentials to service_role;
select r.role || ' may ' || p.privilege
from unnest(array['anon', 'authenticated', 'service_role']) r (role)
cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p (privilege)
where has_table_privilege(r.role, 'calsync_private.account_credentials', p.privilege)
