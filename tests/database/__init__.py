"""The one door to Postgres, over both transports."""
