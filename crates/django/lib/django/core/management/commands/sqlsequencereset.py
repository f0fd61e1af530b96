"""``manage.py sqlsequencereset app_label …``"""

from django.core.management.base import AppCommand
from django.db import DEFAULT_DB_ALIAS, connections


class Command(AppCommand):
    help = "Prints the SQL that resets the sequences of apps."
    output_transaction = True

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections)
        )

    def handle_app_config(self, app_config, **options):
        if app_config.models_module is None:
            return None
        ops = connections[options["database"]].ops
        models = app_config.get_models(include_auto_created=True)
        lines = ops.sequence_reset_sql(self.style, models)
        if not lines and options["verbosity"] >= 1:
            self.stderr.write("No sequences found.")
        return "\n".join(lines)
