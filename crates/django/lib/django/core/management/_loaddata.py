"""``manage.py loaddata``: the rows of fixture files become rows of the database."""

import os
import sys
import warnings

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.core.management._labels import parse_apps_and_model_labels
from django.db import DatabaseError, connections, router, transaction

STDIN = "-"
_PACKED = ("gz", "zip", "bz2", "lzma", "xz")


def run(labels, stdout, *, ignore, database, app_label, exclude, format, verbosity):
    loader = _Loader(stdout, verbosity, database, app_label, format, ignore)
    loader.excluded_models, loader.excluded_apps = parse_apps_and_model_labels(exclude)
    with transaction.atomic(using=database):
        loader.load(labels)


def _shown(folder):
    return f"'{folder}'" if folder else "absolute path"


class _Loader:
    def __init__(self, stdout, verbosity, using, app_label, format, ignore):
        self.stdout = stdout
        self.verbosity = verbosity
        self.using = using
        self.app_label = app_label
        self.format = format
        self.ignore = ignore
        self.formats = serializers.get_public_serializer_formats()
        self.files, self.found, self.saved = 0, 0, 0
        self.models, self.deferred = set(), []
        self.seen, self.folders = {}, None

    def say(self, level, text, ending="\n"):
        if self.verbosity >= level:
            self.stdout.write(text + ending)

    def load(self, labels):
        # Nothing is locked where there is nothing to load.
        if not any([self.find(label) for label in labels]):
            return
        connection = connections[self.using]
        with connection.constraint_checks_disabled():
            for label in labels:
                for path, folder, name in self.find(label):
                    self.load_file(path, folder, name)
            for obj in self.deferred:
                obj.save_deferred_fields(using=self.using)
        # What was not checked on the way is checked now.
        try:
            tables = [model._meta.db_table for model in self.models]
            connection.check_constraints(table_names=tables)
        except Exception as failure:
            failure.args = (f"Problem installing fixtures: {failure}",)
            raise
        of = "" if self.found == self.saved else f" (of {self.found})"
        self.say(1, f"Installed {self.saved} object(s){of} from {self.files} fixture(s)")

    def load_file(self, path, folder, name):
        format = self.parts_of(os.path.basename(path))[1]
        self.files += 1
        self.say(2, f"Installing {format} fixture '{name}' from {_shown(folder)}.")
        stream = sys.stdin if path == STDIN else open(path, "rb")
        found = saved = 0
        try:
            objects = serializers.deserialize(
                format,
                stream,
                using=self.using,
                ignorenonexistent=self.ignore,
                handle_forward_references=True,
            )
            for obj in objects:
                found += 1
                if self.save(obj):
                    saved += 1
                    self.say(3, f"\rProcessed {saved} object(s).", ending="")
        except CommandError:
            raise
        except Exception as failure:
            failure.args = (f"Problem installing fixture '{path}': {failure}",)
            raise
        finally:
            stream.close()
        if found:
            self.say(3, "")
        self.found += found
        self.saved += saved
        if not found:
            warnings.warn(
                f"No fixture data found for '{name}'. (File format may be invalid.)",
                RuntimeWarning,
            )

    def save(self, obj):
        model = type(obj.object)
        meta = obj.object._meta
        if meta.app_config in self.excluded_apps or model in self.excluded_models:
            return False
        allowed = router.allow_migrate_model(self.using, model)
        if allowed:
            self.models.add(model)
            try:
                obj.save(using=self.using)
            except (DatabaseError, ValueError) as failure:
                what = f"{meta.label}(pk={obj.object.pk})"
                failure.args = (f"Could not load {what}: {failure}",)
                raise
        if obj.deferred_fields:
            self.deferred.append(obj)
        return allowed

    def parts_of(self, label):
        """A fixture's name, and the format and the packing that its ending names."""
        if label == STDIN:
            if not self.format:
                raise CommandError("--format must be specified when reading from stdin.")
            return STDIN, self.format, "stdin"
        parts = label.rsplit(".", 2)
        packing = parts.pop() if len(parts) > 1 and parts[-1] in _PACKED else None
        format = None
        if len(parts) > 1:
            format = parts.pop()
            if format not in self.formats:
                raise CommandError(
                    f"Problem installing fixture '{'.'.join(parts)}': {format} is not a "
                    "known serialization format."
                )
        return ".".join(parts), format, packing

    def find(self, label):
        """Where the files of a label are: path, folder, name."""
        if label not in self.seen:
            self.seen[label] = self.look_for(label)
        return self.seen[label]

    def look_for(self, label):
        if label == STDIN:
            return [(STDIN, None, STDIN)]
        name, format, packing = self.parts_of(label)
        self.say(2, f"Loading '{name}' fixtures...")
        below, name = os.path.split(name)
        if os.path.isabs(below):
            folders = [below]
        else:
            folders = [os.path.join(one, below) if below else one for one in self.all_folders()]
        endings = [
            ".".join(part for part in (name, database, kind, packed) if part)
            for database in (self.using, None)
            for kind in ([format] if format else self.formats)
            for packed in ([packing] if packing else (None, *_PACKED))
        ]
        files = []
        for folder in folders:
            self.say(2, f"Checking {_shown(folder)} for fixtures...")
            names = os.listdir(folder) if os.path.isdir(folder) else []
            here = [one for one in names if one in endings]
            if not here:
                self.say(2, f"No fixture '{name}' in {_shown(folder)}.")
            if len(here) > 1:
                raise CommandError(
                    f"Multiple fixtures named '{name}' in {_shown(folder)}. Aborting."
                )
            files += [(os.path.join(folder, one), folder, name) for one in here]
        if not files:
            raise CommandError(f"No fixture named '{name}' found.")
        for path, _, _ in files:
            if path.rsplit(".", 1)[-1] in _PACKED:
                raise NotImplementedError("loading packed fixtures")
        return files

    def all_folders(self):
        """Each app's ``fixtures``, those of the settings, and the current one."""
        if self.folders is not None:
            return self.folders
        given = [str(folder) for folder in settings.FIXTURE_DIRS]
        if len(given) != len(set(given)):
            raise ImproperlyConfigured("settings.FIXTURE_DIRS contains duplicates.")
        folders = []
        for config in apps.get_app_configs():
            own = os.path.join(config.path, "fixtures")
            if own in given:
                raise ImproperlyConfigured(
                    f"'{own}' is a default fixture directory for the '{config.label}' app "
                    "and cannot be listed in settings.FIXTURE_DIRS."
                )
            if self.app_label in (None, config.label) and os.path.isdir(own):
                folders.append(own)
        self.folders = [os.path.realpath(folder) for folder in (*folders, *given, "")]
        return self.folders
