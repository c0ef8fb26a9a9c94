"""Tests of the people on a CalDAV server."""
