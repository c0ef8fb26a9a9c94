"""The function URLs: one file per function, wired by app.py."""
