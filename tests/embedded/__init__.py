"""Tests of the embedded Postgres and of the fixtures built on it."""
