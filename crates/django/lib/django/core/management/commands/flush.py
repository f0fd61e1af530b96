"""``manage.py flush``: rows go, tables stay."""

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.core.management.sql import emit_post_migrate_signal, sql_flush
from django.db import DEFAULT_DB_ALIAS, connections

_QUESTION = """You have requested a flush of the database.
This will IRREVERSIBLY DESTROY all data currently in the "{name}" database,
and return each table to an empty state.
Are you sure you want to do this?

    Type 'yes' to continue, or 'no' to cancel: """

_FAILURE = """Database {name} couldn't be flushed. Possible reasons:
  * The database isn't running or isn't configured correctly.
  * At least one of the expected database tables doesn't exist.
  * The SQL was invalid.
Hint: Look at the output of 'django-admin sqlflush'. That's the SQL this command wasn't able to run."""


class Command(BaseCommand):
    help = "Removes all rows from all tables."
    stealth_options = ("reset_sequences", "allow_cascade", "inhibit_post_migrate")

    def add_arguments(self, parser):
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive"
        )
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections)
        )

    def handle(self, **options):
        using = options["database"]
        connection = connections[using]
        name = connection.settings_dict["NAME"]
        lines = sql_flush(
            no_style(),
            connection,
            reset_sequences=options.get("reset_sequences", True),
            allow_cascade=options.get("allow_cascade", False),
        )
        interactive = options["interactive"]
        if interactive and input(_QUESTION.format(name=name)) != "yes":
            self.stdout.write("Flush cancelled.")
            return
        try:
            connection.ops.execute_sql_flush(lines)
        except Exception as failure:
            raise CommandError(_FAILURE.format(name=name)) from failure
        if lines and not options.get("inhibit_post_migrate", False):
            emit_post_migrate_signal(options["verbosity"], interactive, using)
