-- The versions that were applied to this database, by whichever tool.
select version from supabase_migrations.schema_migrations
