"""``manage.py loaddata``: fixtures into the database."""

import glob
import gzip
import os
import sys
import warnings
from itertools import product

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.core.management.utils import parse_apps_and_model_labels
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    connections,
    router,
    transaction,
)
from django.utils.functional import cached_property

READ_STDIN = "-"


class Command(BaseCommand):
    help = "Loads the named fixtures."
    missing_args_message = (
        "No database fixture specified. Please provide the path of at least "
        "one fixture in the command line."
    )

    def add_arguments(self, parser):
        parser.add_argument("args", metavar="fixture", nargs="+")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections)
        )
        parser.add_argument("--app", dest="app_label")
        parser.add_argument(
            "--ignorenonexistent", "-i", action="store_true", dest="ignore"
        )
        parser.add_argument("-e", "--exclude", action="append", default=[])
        parser.add_argument("--format")

    def handle(self, *labels, **options):
        self.ignore = options["ignore"]
        self.using = options["database"]
        self.app_label = options["app_label"]
        self.verbosity = options["verbosity"]
        self.format = options["format"]
        self.excluded_models, self.excluded_apps = parse_apps_and_model_labels(
            options["exclude"]
        )
        self._found = {}
        with transaction.atomic(using=self.using):
            self.loaddata(labels)
        if transaction.get_autocommit(self.using):
            connections[self.using].close()

    def loaddata(self, labels):
        connection = connections[self.using]
        self.formats = serializers.get_public_serializer_formats()
        self.fixture_count = self.seen_count = self.loaded_count = 0
        self.models = set()
        self.deferred = []
        # Nothing is switched off for nothing.
        if not any(self.find_fixtures(label) for label in labels):
            return
        with connection.constraint_checks_disabled():
            for label in labels:
                self.load_label(label)
            for obj in self.deferred:
                obj.save_deferred_fields(using=self.using)
        tables = [model._meta.db_table for model in self.models]
        try:
            connection.check_constraints(table_names=tables)
        except Exception as failure:
            failure.args = (f"Problem installing fixtures: {failure}",)
            raise
        if self.loaded_count:
            self._reset_sequences(connection)
        if self.verbosity >= 1:
            of = "" if self.seen_count == self.loaded_count else f" (of {self.seen_count})"
            self.stdout.write(
                f"Installed {self.loaded_count} object(s){of} "
                f"from {self.fixture_count} fixture(s)"
            )

    def _reset_sequences(self, connection):
        lines = connection.ops.sequence_reset_sql(no_style(), self.models)
        if lines:
            if self.verbosity >= 2:
                self.stdout.write("Resetting sequences")
            with connection.cursor() as cursor:
                for line in lines:
                    cursor.execute(line)

    def load_label(self, label):
        for path, folder, name in self.find_fixtures(label):
            format, compression = self.parse_name(os.path.basename(path))[1:]
            self.fixture_count += 1
            if self.verbosity >= 2:
                self.stdout.write(
                    f"Installing {format} fixture '{name}' from {humanize(folder)}."
                )
            if self._load(path, format, _OPENERS[compression]) == 0:
                warnings.warn(
                    f"No fixture data found for '{name}'. (File format may be invalid.)",
                    RuntimeWarning,
                )

    def _load(self, path, format, opener):
        """How many objects were in the file."""
        stream = opener(path)
        seen = loaded = 0
        try:
            for obj in serializers.deserialize(
                format,
                stream,
                using=self.using,
                ignorenonexistent=self.ignore,
                handle_forward_references=True,
            ):
                seen += 1
                if self.save_obj(obj):
                    loaded += 1
                    if self.verbosity >= 3:
                        self.stdout.write(f"\rProcessed {loaded} object(s).", ending="")
        except Exception as failure:
            if not isinstance(failure, CommandError):
                failure.args = (f"Problem installing fixture '{path}': {failure}",)
            raise
        finally:
            stream.close()
        if seen and self.verbosity >= 3:
            self.stdout.write()
        self.seen_count += seen
        self.loaded_count += loaded
        return seen

    def save_obj(self, obj):
        """Whether it was saved: its model may be left out, or live elsewhere."""
        model = type(obj.object)
        if model._meta.app_config in self.excluded_apps or model in self.excluded_models:
            return False
        wanted = router.allow_migrate_model(self.using, model)
        if wanted:
            self.models.add(model)
            try:
                obj.save(using=self.using)
            except (DatabaseError, ValueError) as failure:
                label, pk = model._meta.label, obj.object.pk
                failure.args = (f"Could not load {label}(pk={pk}): {failure}",)
                raise
        if obj.deferred_fields:
            self.deferred.append(obj)
        return wanted

    def find_fixtures(self, label):
        """Files, each with its folder and the fixture's name."""
        if label not in self._found:
            self._found[label] = self._search(label)
        return self._found[label]

    def _search(self, label):
        if label == READ_STDIN:
            return [(READ_STDIN, None, READ_STDIN)]
        name, format, compression = self.parse_name(label)
        if self.verbosity >= 2:
            self.stdout.write(f"Loading '{name}' fixtures...")
        inside, name = os.path.split(name)
        if os.path.isabs(inside):
            folders = [inside]
        else:
            folders = self.fixture_dirs
            if inside:
                folders = [os.path.join(folder, inside) for folder in folders]
        endings = product(
            [self.using, None],
            self.formats if format is None else [format],
            _OPENERS if compression is None else [compression],
        )
        wanted = {".".join(filter(None, (name, *ending))) for ending in endings}
        found = []
        for folder in folders:
            here = humanize(folder)
            if self.verbosity >= 2:
                self.stdout.write(f"Checking {here} for fixtures...")
            pattern = glob.escape(os.path.join(folder, name)) + "*"
            files = [p for p in glob.glob(pattern) if os.path.basename(p) in wanted]
            if self.verbosity >= 2 and not files:
                self.stdout.write(f"No fixture '{name}' in {here}.")
            if len(files) > 1:
                raise CommandError(
                    f"Multiple fixtures named '{name}' in {here}. Aborting."
                )
            found += [(path, folder, name) for path in files]
        if not found:
            raise CommandError(f"No fixture named '{name}' found.")
        return found

    @cached_property
    def fixture_dirs(self):
        """The apps' own folders, those of ``FIXTURE_DIRS``, and the current one."""
        extra = [str(folder) for folder in settings.FIXTURE_DIRS]
        if len(extra) != len(set(extra)):
            raise ImproperlyConfigured("settings.FIXTURE_DIRS contains duplicates.")
        folders = []
        for config in apps.get_app_configs():
            folder = os.path.join(config.path, "fixtures")
            if folder in extra:
                raise ImproperlyConfigured(
                    f"'{folder}' is a default fixture directory for the "
                    f"'{config.label}' app and cannot be listed in "
                    "settings.FIXTURE_DIRS."
                )
            wanted = not self.app_label or config.label == self.app_label
            if wanted and os.path.isdir(folder):
                folders.append(folder)
        return [os.path.realpath(folder) for folder in (*folders, *extra, "")]

    def parse_name(self, label):
        """The fixture's name, its format and its compression."""
        if label == READ_STDIN:
            if not self.format:
                raise CommandError("--format must be specified when reading from stdin.")
            return READ_STDIN, self.format, "stdin"
        parts = label.rsplit(".", 2)
        compression = format = None
        if len(parts) > 1 and parts[-1] in _OPENERS:
            compression = parts.pop()
        if len(parts) > 1:
            format = parts.pop()
            if format not in self.formats:
                name = ".".join(parts)
                raise CommandError(
                    f"Problem installing fixture '{name}': {format} is not a known "
                    "serialization format."
                )
        return ".".join(parts), format, compression


class SingleZipReader:
    """A zip file with one file in it."""

    def __init__(self, path):
        try:
            import zipfile
        except ImportError:
            raise NotImplementedError("zipped fixtures") from None
        self._zip = zipfile.ZipFile(path)
        if len(self._zip.namelist()) != 1:
            raise ValueError("Zip-compressed fixtures must contain one file.")

    def read(self):
        return self._zip.read(self._zip.namelist()[0])

    def close(self):
        self._zip.close()


_OPENERS = {
    None: lambda path: open(path, "rb"),
    "gz": lambda path: gzip.GzipFile(path, "rb"),
    "zip": SingleZipReader,
    "stdin": lambda path: sys.stdin,
}


def humanize(dirname):
    return f"'{dirname}'" if dirname else "absolute path"
