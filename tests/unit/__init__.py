"""Decisions, one module each, without any server."""
