"""The two bridges between ``async`` and plain functions, for one thread."""
