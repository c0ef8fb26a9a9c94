"""What the functions share: decisions, steps, providers, database."""
