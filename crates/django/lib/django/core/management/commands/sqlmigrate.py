"""``manage.py sqlmigrate``."""

from django.core.management._native import NativeCommand


class Command(NativeCommand):
    name = "sqlmigrate"
    help = "Prints the SQL statements for the named migration."

    def execute(self, *args, **options):
        # What it prints is to be run, not looked at.
        return super().execute(*args, **{**options, "no_color": True})
