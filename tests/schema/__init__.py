"""The schema: read from sql/, applied by migrations, seen in the catalogue."""
