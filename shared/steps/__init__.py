"""The flow: one verb per file."""
