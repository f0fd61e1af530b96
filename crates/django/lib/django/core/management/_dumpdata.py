"""``manage.py dumpdata``: rows as a fixture."""

import warnings

from django.apps import apps
from django.core import serializers
from django.core.management import CommandError
from django.core.management._labels import app_of, parse_apps_and_model_labels
from django.db import router


class ProxyModelWarning(Warning):
    """A proxy model has no rows of its own."""


_ONE_MODEL = "You can only use --pks option with one model"


def run(labels, stdout, *, primary_keys, exclude, format, indent, output, traceback, **how):
    keys = [key.strip() for key in primary_keys.split(",")] if primary_keys else []
    excluded_models, excluded_apps = parse_apps_and_model_labels(exclude)
    if keys and len(labels) != 1:
        raise CommandError(_ONE_MODEL)
    chosen = _chosen(labels, excluded_apps, keys)
    if format not in serializers.get_public_serializer_formats():
        raise CommandError(f"Unknown serialization format: {format}")
    rows = _rows(chosen, excluded_models, keys, how)
    try:
        stream = open(output, "w") if output else None
        try:
            serializers.serialize(
                format,
                rows,
                indent=None if indent is None else int(indent),
                use_natural_foreign_keys=how["use_natural_foreign_keys"],
                use_natural_primary_keys=how["use_natural_primary_keys"],
                stream=stream or stdout,
            )
        finally:
            if stream:
                stream.close()
    except Exception as failure:
        if traceback:
            raise
        raise CommandError(f"Unable to serialize database: {failure}")


def _chosen(labels, excluded_apps, keys):
    """Apps, each with the models that are wanted of it; ``None`` for all."""
    if not labels:
        return {
            config: None
            for config in apps.get_app_configs()
            if config.models_module is not None and config not in excluded_apps
        }
    chosen = {}
    for label in labels:
        app_label, dot, model_label = label.partition(".")
        if keys and not dot:
            raise CommandError(_ONE_MODEL)
        config = app_of(app_label)
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


def _rows(chosen, excluded_models, keys, how):
    using = how["database"]
    if how["use_natural_foreign_keys"]:
        models = serializers.sort_dependencies(chosen.items(), allow_cycles=True)
    else:
        models = []
        for config, some in chosen.items():
            models += config.get_models() if some is None else some
    for model in models:
        if model in excluded_models:
            continue
        meta = model._meta
        if meta.proxy:
            if meta.proxy_for_model not in models:
                warnings.warn(
                    f"{meta.label} is a proxy model and won't be serialized.",
                    category=ProxyModelWarning,
                )
            continue
        if not router.allow_migrate_model(using, model):
            continue
        manager = model._base_manager if how["use_base_manager"] else model._default_manager
        rows = manager.using(using).order_by(meta.pk.name)
        if keys:
            rows = rows.filter(pk__in=keys)
        prefetches = bool(rows._prefetch_related_lookups)
        yield from rows.iterator(chunk_size=2000 if prefetches else None)
