"""What is sent when a database is connected to."""

from django.db.backends._signals import connection_created  # noqa: F401
