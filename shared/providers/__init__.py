"""One adapter per calendar provider."""
