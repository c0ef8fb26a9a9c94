"""The workflows of .github/, run as GitHub runs them."""
