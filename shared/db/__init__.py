"""The one door to Postgres: call a SQL function, read a view."""
