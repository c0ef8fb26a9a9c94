"""One suite, four calendars: the same meeting gives the same rows wherever it was written."""
