"""A stand-in for Supabase Auth (GoTrue), served beside the REST interface under /auth/v1."""
