"""The management API under /api/v1/calendar: one file per resource, wired by routes.py."""
