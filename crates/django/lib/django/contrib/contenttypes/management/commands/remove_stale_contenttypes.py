"""``manage.py remove_stale_contenttypes``."""

from django.core.management._native import NativeCommand


class Command(NativeCommand):
    name = "remove_stale_contenttypes"
    help = "Deletes stale content types in the database."
