"""What commands written in Python derive from: ``BaseCommand`` and its kin."""

import argparse
import io
import os
import sys

from django.core.management._face import check as _check
from django.core.management.base import CommandError
from django.core.management.color import color_style, no_style


class _Formatter(argparse.HelpFormatter):
    """Eighty columns: there is no terminal to ask."""

    def __init__(self, prog, **kwargs):
        super().__init__(prog, **{"width": 80, **kwargs})


class CommandParser(argparse.ArgumentParser):
    """Raises where a program would end, if Python called the command."""

    def __init__(self, *, missing_args_message=None, called_from_command_line=None, **kwargs):
        self.missing_args_message = missing_args_message
        self.called_from_command_line = called_from_command_line
        kwargs.setdefault("formatter_class", _Formatter)
        super().__init__(**kwargs)

    def parse_args(self, args=None, namespace=None):
        if self.missing_args_message and not args:
            self.error(self.missing_args_message)
        return super().parse_args(args, namespace)

    def error(self, message):
        if self.called_from_command_line:
            super().error(message)
        raise CommandError(f"Error: {message}")


class OutputWrapper(io.TextIOBase):
    """A stream whose texts end their lines, in a style."""

    def __init__(self, out, ending="\n"):
        self._out = out
        self.style_func = None
        self.ending = ending

    def __getattr__(self, name):
        return getattr(self._out, name)

    def flush(self):
        if hasattr(self._out, "flush"):
            self._out.flush()

    def isatty(self):
        return hasattr(self._out, "isatty") and self._out.isatty()

    def write(self, msg="", style_func=None, ending=None):
        ending = self.ending if ending is None else ending
        if ending and not msg.endswith(ending):
            msg += ending
        style = style_func or self.style_func or str
        self._out.write(style(msg))


class BaseCommand:
    """Subclasses provide ``handle()``; what it returns is printed."""

    help = ""
    output_transaction = False
    requires_migrations_checks = False
    requires_system_checks = "__all__"
    base_stealth_options = ("stderr", "stdout")
    stealth_options = ()
    suppressed_base_arguments = frozenset()
    missing_args_message = None
    _called_from_command_line = False

    def __init__(self, stdout=None, stderr=None, no_color=False, force_color=False):
        self.stdout = OutputWrapper(stdout or sys.stdout)
        self.stderr = OutputWrapper(stderr or sys.stderr)
        if no_color and force_color:
            raise CommandError("'no_color' and 'force_color' can't be used together.")
        self.style = no_style() if no_color else color_style(force_color)

    def get_version(self):
        import django

        return django.get_version()

    def create_parser(self, prog_name, subcommand, **kwargs):
        parser = CommandParser(
            prog=f"{os.path.basename(prog_name)} {subcommand}",
            description=self.help or None,
            missing_args_message=self.missing_args_message,
            called_from_command_line=self._called_from_command_line,
            **kwargs,
        )
        parser.add_argument("-v", "--verbosity", default=1, type=int, choices=[0, 1, 2, 3])
        parser.add_argument("--settings")
        parser.add_argument("--pythonpath")
        for flag in ("--traceback", "--no-color", "--force-color"):
            parser.add_argument(flag, action="store_true")
        if self.requires_system_checks:
            parser.add_argument("--skip-checks", action="store_true")
        self.add_arguments(parser)
        return parser

    def add_arguments(self, parser):
        """For subclasses."""

    def print_help(self, prog_name, subcommand):
        self.create_parser(prog_name, subcommand).print_help()

    def run_from_argv(self, argv):
        self._called_from_command_line = True
        given = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
        args = given.pop("args", ())
        self.execute(*args, **given)

    def execute(self, *args, **options):
        if options.get("force_color") and options.get("no_color"):
            raise CommandError(
                "The --no-color and --force-color options can't be used together."
            )
        if options.get("force_color"):
            self.style = color_style(force_color=True)
        elif options.get("no_color"):
            self.style = no_style()
        for name in ("stdout", "stderr"):
            if options.get(name):
                setattr(self, name, OutputWrapper(options[name]))
        if self.requires_system_checks and not options.get("skip_checks"):
            self.check(**self.get_check_kwargs(options))
        output = self.handle(*args, **options)
        if output:
            if self.output_transaction:
                from django.db import DEFAULT_DB_ALIAS, connections

                ops = connections[options.get("database", DEFAULT_DB_ALIAS)].ops
                lines = (ops.start_transaction_sql(), output, ops.end_transaction_sql())
                output = "\n".join(map(str, lines))
            self.stdout.write(output)
        return output

    def get_check_kwargs(self, options):
        every = self.requires_system_checks == "__all__"
        return {} if every else {"tags": self.requires_system_checks}

    def check(
        self,
        app_configs=None,
        tags=None,
        display_num_errors=False,
        include_deployment_checks=False,
        fail_level=40,
        databases=None,
    ):
        _check(
            self,
            app_configs=app_configs,
            tags=tags,
            display_num_errors=display_num_errors,
            include_deployment_checks=include_deployment_checks,
            fail_level=fail_level,
            databases=databases,
        )

    def handle(self, *args, **options):
        raise NotImplementedError(
            "subclasses of BaseCommand must provide a handle() method"
        )


class AppCommand(BaseCommand):
    """Handles one app after the other."""

    missing_args_message = "Enter at least one application label."

    def add_arguments(self, parser):
        parser.add_argument("args", metavar="app_label", nargs="+")

    def handle(self, *app_labels, **options):
        from django.apps import apps

        try:
            configs = [apps.get_app_config(label) for label in app_labels]
        except (LookupError, ImportError) as failure:
            raise CommandError(
                f"{failure}. Are you sure your INSTALLED_APPS setting is correct?"
            )
        answers = [self.handle_app_config(config, **options) for config in configs]
        return "\n".join(filter(None, answers))

    def handle_app_config(self, app_config, **options):
        raise NotImplementedError(
            "Subclasses of AppCommand must provide a handle_app_config() method."
        )


class LabelCommand(BaseCommand):
    """Handles one label after the other."""

    label = "label"
    missing_args_message = "Enter at least one label."

    def add_arguments(self, parser):
        parser.add_argument("args", metavar=self.label, nargs="+")

    def handle(self, *labels, **options):
        answers = [self.handle_label(label, **options) for label in labels]
        return "\n".join(filter(None, answers))

    def handle_label(self, label, **options):
        raise NotImplementedError(
            "subclasses of LabelCommand must provide a handle_label() method"
        )
