"""A project folder, set up for real Django.

`models.py` at the top belongs to an app labelled `playground`; every package
with a `models.py` is an app. Settings are what `startproject` writes, and then
the project's own `settings.py`.
"""

import importlib.util
import os
import sys
import types


def apps_of(folder):
    labels = []
    for name in sorted(os.listdir(folder)):
        inside = os.path.join(folder, name)
        if os.path.isfile(os.path.join(inside, "models.py")) or os.path.isfile(
            os.path.join(inside, "models", "__init__.py")
        ):
            labels.append(name)
    return labels


def set_up(folder, database=":memory:"):
    folder = os.path.abspath(folder)
    sys.path.insert(0, folder)
    labels = apps_of(folder)
    if os.path.exists(os.path.join(folder, "models.py")):
        labels.insert(0, "playground")
        package = types.ModuleType("playground")
        package.__path__ = [folder]
        package.__file__ = os.path.join(folder, "__init__.py")
        package.__spec__ = importlib.util.spec_from_loader("playground", None, is_package=True)
        package.__spec__.submodule_search_locations = [folder]
        sys.modules["playground"] = package
    values = {
        "DEBUG": True,
        "SECRET_KEY": "truth",
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
    }
    own = os.path.join(folder, "settings.py")
    if os.path.exists(own):
        scope = {}
        with open(own) as file:
            exec(compile(file.read(), own, "exec"), scope)
        values.update({name: value for name, value in scope.items() if name.isupper()})
    values["INSTALLED_APPS"] = list(values["INSTALLED_APPS"]) + [
        label for label in labels if label not in values["INSTALLED_APPS"]
    ]
    from django.conf import settings

    settings.configure(**values)
    import django

    django.setup()
    if "playground" in labels:
        sys.modules["models"] = sys.modules["playground.models"]


def namespace():
    from django.core.management.commands.shell import Command

    scope = Command().get_namespace(verbosity=0)
    scope["__name__"] = "__main__"
    return scope
