"""Sessions, as rows."""
