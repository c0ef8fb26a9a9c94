"""`calsync doctor`: the checks to make before one relies on an installation."""
