"""``manage.py makemigrations``."""

from django.core.management._native import NativeCommand
from django.db import connections  # noqa: F401 - whose histories are looked at
from django.db.migrations.autodetector import MigrationAutodetector


class Command(NativeCommand):
    name = "makemigrations"
    help = "Creates new migration(s) for apps."
    autodetector = MigrationAutodetector
