"""What the stand-ins share: clock, faults, sender, control API, data file, server."""
