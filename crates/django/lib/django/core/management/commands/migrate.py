"""``manage.py migrate``."""

from django.core.management._face import sync_apps
from django.core.management._native import NativeCommand
from django.db.migrations.autodetector import MigrationAutodetector


class Command(NativeCommand):
    name = "migrate"
    help = "Updates database schema. Manages both apps with migrations and those without."
    autodetector = MigrationAutodetector

    def get_check_kwargs(self, options):
        return {**super().get_check_kwargs(options), "databases": [options["database"]]}

    def handle(self, *args, **options):
        self.verbosity = options["verbosity"]
        super().handle(*args, **options)

    def sync_apps(self, connection, app_labels):
        """Makes the tables of apps without migrations."""
        sync_apps(self, connection, app_labels, self.verbosity)
