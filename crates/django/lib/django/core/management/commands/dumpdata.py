"""``manage.py dumpdata``: the rows of apps and models as a fixture."""

import gzip
import os
import warnings

from django.apps import apps
from django.core import serializers
from django.core.management.base import BaseCommand, CommandError
from django.core.management.utils import parse_apps_and_model_labels
from django.db import DEFAULT_DB_ALIAS, connections, router

# Compressed files that Python could write elsewhere.
_UNSUPPORTED = (".bz2", ".lzma", ".xz", ".zip")


class ProxyModelWarning(Warning):
    """A proxy has no rows of its own."""


class Command(BaseCommand):
    help = "Prints the rows of the database as a fixture."

    def add_arguments(self, parser):
        parser.add_argument("args", metavar="app_label[.ModelName]", nargs="*")
        parser.add_argument("--format", default="json")
        parser.add_argument("--indent", type=int)
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections)
        )
        parser.add_argument("-e", "--exclude", action="append", default=[])
        parser.add_argument(
            "--natural-foreign", action="store_true", dest="use_natural_foreign_keys"
        )
        parser.add_argument(
            "--natural-primary", action="store_true", dest="use_natural_primary_keys"
        )
        parser.add_argument("-a", "--all", action="store_true", dest="use_base_manager")
        parser.add_argument("--pks", dest="primary_keys")
        parser.add_argument("-o", "--output")

    def handle(self, *labels, **options):
        keys = [key.strip() for key in (options["primary_keys"] or "").split(",") if key]
        if keys and (len(labels) != 1 or "." not in labels[0]):
            raise CommandError("You can only use --pks option with one model")
        excluded, excluded_apps = parse_apps_and_model_labels(options["exclude"])
        chosen = self._chosen(labels, excluded_apps)
        format = options["format"]
        if format not in serializers.get_public_serializer_formats():
            raise CommandError(f"Unknown serialization format: {format}")
        rows = _Rows(chosen, excluded, keys, options)
        try:
            self._write(rows, options)
        except Exception as failure:
            if options["traceback"]:
                raise
            raise CommandError(f"Unable to serialize database: {failure}")

    def _chosen(self, labels, excluded_apps):
        """App configs with lists of their models; ``None`` for all of them."""
        if not labels:
            return {
                config: None
                for config in apps.get_app_configs()
                if config.models_module is not None and config not in excluded_apps
            }
        chosen = {}
        for label in labels:
            app_label, dot, model_label = label.partition(".")
            try:
                config = apps.get_app_config(app_label)
            except LookupError as failure:
                raise CommandError(str(failure))
            if config.models_module is None or config in excluded_apps:
                continue
            if not dot:
                chosen[config] = None
                continue
            try:
                model = config.get_model(model_label)
            except LookupError:
                raise CommandError(f"Unknown model: {app_label}.{model_label}")
            models = chosen.setdefault(config, [])
            if models is not None and model not in models:
                models.append(model)
        return chosen

    def _write(self, rows, options):
        # The serializer ends its lines itself.
        self.stdout.ending = None
        output = options["output"]
        progress, count = None, 0
        if output and self.stdout.isatty() and options["verbosity"] > 0:
            progress, count = self.stdout, rows.count()
        stream = _opened(output) if output else None
        try:
            serializers.serialize(
                options["format"],
                rows,
                indent=options["indent"],
                use_natural_foreign_keys=options["use_natural_foreign_keys"],
                use_natural_primary_keys=options["use_natural_primary_keys"],
                stream=stream or self.stdout,
                progress_output=progress,
                object_count=count,
            )
        finally:
            if stream:
                stream.close()


class _Rows:
    """The objects of the chosen models, one after the other."""

    def __init__(self, chosen, excluded, keys, options):
        self.chosen, self.excluded, self.keys = chosen, excluded, keys
        self.using = options["database"]
        self.manager = "_base_manager" if options["use_base_manager"] else "_default_manager"
        self.sorted = options["use_natural_foreign_keys"]

    def _querysets(self):
        if self.sorted:
            models = serializers.sort_dependencies(self.chosen.items(), allow_cycles=True)
        else:
            models = []
            for config, only in self.chosen.items():
                models += config.get_models() if only is None else only
        for model in models:
            if model in self.excluded:
                continue
            meta = model._meta
            if meta.proxy:
                if meta.proxy_for_model not in models:
                    warnings.warn(
                        f"{meta.label} is a proxy model and won't be serialized.",
                        category=ProxyModelWarning,
                    )
                continue
            if router.allow_migrate_model(self.using, model):
                rows = getattr(model, self.manager).using(self.using).order_by(meta.pk.name)
                yield rows.filter(pk__in=self.keys) if self.keys else rows

    def count(self):
        return sum(rows.order_by().count() for rows in self._querysets())

    def __iter__(self):
        for rows in self._querysets():
            prefetches = bool(rows._prefetch_related_lookups)
            yield from rows.iterator(chunk_size=2000 if prefetches else None)


def _opened(output):
    root, extension = os.path.splitext(output)
    if extension == ".gz":
        return gzip.open(output, "wt")
    if extension in _UNSUPPORTED:
        name = os.path.basename(root)
        warnings.warn(
            f"Unsupported file extension ({extension}). Fixtures saved in '{name}'.",
            RuntimeWarning,
        )
        output = root
    return open(output, "wt")
