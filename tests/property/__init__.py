"""Laws that hold for whatever is fed to the decisions."""
