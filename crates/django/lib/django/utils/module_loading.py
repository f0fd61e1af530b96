"""Things by their dotted names."""

import sys
from importlib import import_module


def import_string(dotted_path):
    """What ``package.module.name`` names."""
    module_path, dot, name = dotted_path.rpartition(".")
    if not dot:
        raise ImportError(f"{dotted_path} doesn't look like a module path")
    module = sys.modules.get(module_path) or import_module(module_path)
    try:
        return getattr(module, name)
    except AttributeError:
        raise ImportError(
            f'Module "{module_path}" does not define a "{name}" attribute/class'
        ) from None


def module_dir(module):
    """The folder a package or module lies in."""
    paths = list(getattr(module, "__path__", ()))
    if len(paths) == 1:
        return paths[0]
    file = getattr(module, "__file__", None)
    if file is None:
        raise ValueError(f"Cannot determine directory containing {module}")
    return file.rpartition("/")[0]


def module_has_submodule(package, module_name):
    """Could ``package.module_name`` be imported?"""
    name, path = getattr(package, "__name__", None), getattr(package, "__path__", None)
    if name is None or path is None:
        return False
    full = f"{name}.{module_name}"
    if full in sys.modules:
        return sys.modules[full] is not None
    # The finders themselves are asked: `importlib.util` is a large import for one question.
    try:
        return any(finder.find_spec(full, path) is not None for finder in sys.meta_path)
    except ModuleNotFoundError:
        return False
