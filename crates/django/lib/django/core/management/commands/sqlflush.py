"""``manage.py sqlflush``"""

from django.core.management.base import BaseCommand
from django.core.management.sql import sql_flush
from django.db import DEFAULT_DB_ALIAS, connections


class Command(BaseCommand):
    help = "Prints the SQL that empties all tables."
    output_transaction = True

    def add_arguments(self, parser):
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections)
        )

    def handle(self, **options):
        lines = sql_flush(self.style, connections[options["database"]])
        if not lines and options["verbosity"] >= 1:
            self.stderr.write("No tables found.")
        return "\n".join(lines)
