"""Real Django in a page: files in, what `queries.py` came to out.

It is as quick as we know how to make it: one process, models unregistered by hand, tables made
without migrations, SQL noted without Django's debug cursor, and the seeded database kept as bytes
for as long as neither models nor seed are edited.
"""

import ast
import contextlib
import gc
import io
import json
import os
import sqlite3
import sys
import types

# Pyodide's event loop always runs, so Django takes everything for a coroutine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

import django
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection, models

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[],
    LOGGING_CONFIG=None,
    TIME_ZONE="UTC",
    # Translations cannot be read inside a wheel, and would cost time.
    USE_I18N=False,
    USE_TZ=True,
)
django.setup()

APP = "playground"
#: The texts of models and seed that `seeded` came from, and the names a script begins with.
known = None
seeded = b""
names = {}


def rerun(request):
    """JSON of the files' texts → JSON of Python's and Django's versions, and a card a statement."""
    global known
    files = json.loads(request)
    wanted = (files["models.py"], files["seed.py"])
    if wanted == known:
        connection.connection.deserialize(seeded)
    else:
        known = None
        begin(*wanted)
        known = wanted
    return json.dumps({
        "python": sys.version.split()[0],
        "django": django.__version__,
        "sqlite": sqlite3.sqlite_version,
        "cards": list(cards(files["queries.py"], dict(names))),
    })


def begin(models_text, seed_text):
    """Models, tables and rows anew."""
    global seeded, names
    forget()
    module = types.ModuleType(f"{APP}.models")
    sys.modules[f"{APP}.models"] = sys.modules["models"] = module
    exec(compile(models_text, "models.py", "exec"), module.__dict__)
    tables = apps.get_app_config(APP).get_models()
    with connection.schema_editor() as editor:
        for model in tables:
            editor.create_model(model)
    names = {model.__name__: model for model in apps.get_models()}
    exec(compile(seed_text, "seed.py", "exec"), dict(names))
    seeded = connection.connection.serialize()


def forget():
    """Leaves nothing of the models before: app, registry, modules, database."""
    names.clear()
    for name in (APP, f"{APP}.models", "models"):
        sys.modules.pop(name, None)
    apps.all_models.pop(APP, None)
    app = types.ModuleType(APP)
    app.__path__ = ["/"]
    sys.modules[APP] = app
    config = AppConfig(APP, app)
    config.apps = apps
    config.models = apps.all_models[APP]
    apps.app_configs[APP] = config
    apps.clear_cache()
    if connection.connection is not None:
        connection.connection.close()
        connection.connection = None
    connection.connect()


def cards(text, scope):
    """What each statement ran, and what it came to."""
    for node in ast.parse(text, "queries.py").body:
        queries = []

        def note(execute, sql, params, many, context):
            queries.append([sql, params])
            return execute(sql, params, many, context)

        printed = io.StringIO()
        with connection.execute_wrapper(note), contextlib.redirect_stdout(printed):
            value = statement(node, scope)
            rows = evaluated(value) if isinstance(node, ast.Expr) else None
        if rows is None and isinstance(value, models.QuerySet):
            # One with an OuterRef has no SQL of its own.
            with contextlib.suppress(ValueError):
                queries.append(value.query.sql_with_params())
        yield {
            "line": node.lineno,
            "queries": [[sql, [repr(param) for param in params or ()]] for sql, params in queries],
            "rows": rows,
            "value": None if rows is not None or value is None else type(value).__name__,
            "printed": printed.getvalue(),
        }


def statement(node, scope):
    """A statement's value: an expression's own, or what was given a name."""
    if isinstance(node, ast.Expr):
        return eval(compile(ast.Expression(node.value), "queries.py", "eval"), scope)
    exec(compile(ast.Module([node], []), "queries.py", "exec"), scope)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return scope[node.targets[0].id]
    return None


def evaluated(value):
    """The rows of a queryset as texts; of anything else, itself as one."""
    if not isinstance(value, models.QuerySet):
        return None if value is None else [[repr(value)]]
    rows = list(value)
    if rows and isinstance(rows[0], models.Model):
        fields = [field.attname for field in value.model._meta.concrete_fields]
        fields += value.query.annotation_select
        return [[repr(getattr(row, field)) for field in fields] for row in rows]
    return [[repr(cell) for cell in (row.values() if isinstance(row, dict) else row)] for row in rows]


gc.collect()
gc.freeze()
