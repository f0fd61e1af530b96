"""Commands that are written in Python."""
