"""`calsync up`: everything on one machine, in one command."""
