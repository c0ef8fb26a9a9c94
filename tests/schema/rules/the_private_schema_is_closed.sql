-- The service role reaches into it for the tables its functions write; people never.
-- Broken by: grant usage on schema calsync_private to authenticated;
select r.role from unnest(array['anon', 'authenticated']) r (role)
where has_schema_privilege(r.role, 'calsync_private', 'usage')
