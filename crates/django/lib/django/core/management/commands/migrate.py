"""``manage.py migrate``."""

from django.core.management._native import NativeCommand
from django.db.migrations.autodetector import MigrationAutodetector


class Command(NativeCommand):
    name = "migrate"
    help = "Updates database schema. Manages both apps with migrations and those without."
    autodetector = MigrationAutodetector

    def get_check_kwargs(self, options):
        return {**super().get_check_kwargs(options), "databases": [options["database"]]}
