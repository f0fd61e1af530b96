"""SQL that commands print or run, and the signals around migrations."""

import sys

from django.apps import apps
from django.db.models import signals


def sql_flush(style, connection, reset_sequences=True, allow_cascade=False):
    """Empties the tables of the models that are there."""
    there = set(connection.introspection.table_names())
    tables = []
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if model._meta.managed and not model._meta.proxy and table in there:
            if table not in tables:
                tables.append(table)
    return connection.ops.sql_flush(
        style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade
    )


def _tell(moment, signal, verbosity, interactive, db, kwargs):
    for config in apps.get_app_configs():
        if config.models_module is not None:
            if verbosity >= 2:
                out = kwargs.get("stdout", sys.stdout)
                out.write(f"Running {moment}-migrate handlers for application {config.label}")
            signal.send(
                sender=config,
                app_config=config,
                verbosity=verbosity,
                interactive=interactive,
                using=db,
                **kwargs,
            )


def emit_pre_migrate_signal(verbosity, interactive, db, **kwargs):
    _tell("pre", signals.pre_migrate, verbosity, interactive, db, kwargs)


def emit_post_migrate_signal(verbosity, interactive, db, **kwargs):
    _tell("post", signals.post_migrate, verbosity, interactive, db, kwargs)
