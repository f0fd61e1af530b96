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
