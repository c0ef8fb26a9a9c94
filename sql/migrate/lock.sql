-- One migrator at a time; given back when the transaction ends, so it works behind any pooler.
select pg_advisory_xact_lock(hashtext('calsync.migrate'))
