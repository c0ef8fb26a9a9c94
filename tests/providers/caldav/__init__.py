"""Tests of the CalDAV adapter, on real servers."""
