"""The outside world for development and tests: provider and Supabase stand-ins."""
