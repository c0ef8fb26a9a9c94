"""The management API, over real HTTP and a real database."""
