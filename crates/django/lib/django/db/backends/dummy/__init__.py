"""What stands in for a database that nobody configured."""
