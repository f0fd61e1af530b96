"""Commands whose work is Rust's: what they say to argparse, and where ``handle()`` leads."""

from django.core.management._face import arguments, handle
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connections


class NativeCommand(BaseCommand):
    """``name`` says which command it is."""

    name = None
    defaults = {}

    def add_arguments(self, parser):
        positionals, options = arguments(self.name)
        for name, count in positionals:
            shown = "app_label" if name == "args" else None
            parser.add_argument(name, nargs=count, metavar=shown)
        for names, dest, action, const, choices in options:
            how = {"action": action, "dest": dest}
            if action == "store_const":
                how["const"] = const
            if choices:
                how["choices"] = choices
            if dest in ("database", "databases"):
                how["choices"] = tuple(connections)
            if dest == "database":
                how["default"] = DEFAULT_DB_ALIAS
            parser.add_argument(*names, **how)
        parser.set_defaults(**self.defaults)

    def handle(self, *args, **options):
        handle(self, args, options)
