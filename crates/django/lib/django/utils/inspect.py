"""Questions about the signatures of callables."""

import functools
import inspect


@functools.lru_cache(maxsize=512)
def _parameters(func, remove_first):
    found = tuple(inspect.signature(func).parameters.values())
    return found[1:] if remove_first else found


def _of_callable(func):
    # A method's function is remembered once, not once an instance.
    bound = inspect.ismethod(func)
    return _parameters(func.__func__ if bound else func, remove_first=bound)


def get_func_args(func):
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [p.name for p in _parameters(func, remove_first=False) if p.kind == kind]


def get_func_full_args(func):
    """Pairs of a parameter's name and default; ``self`` and what has none left out."""
    found = []
    for parameter in _of_callable(func):
        name = parameter.name
        if name == "self":
            continue
        if parameter.kind == parameter.VAR_POSITIONAL:
            name = "*" + name
        elif parameter.kind == parameter.VAR_KEYWORD:
            name = "**" + name
        if parameter.default is parameter.empty:
            found.append((name,))
        else:
            found.append((name, parameter.default))
    return found


def func_accepts_kwargs(func):
    return any(p.kind == p.VAR_KEYWORD for p in _of_callable(func))


def func_accepts_var_args(func):
    return any(p.kind == p.VAR_POSITIONAL for p in _of_callable(func))


def method_has_no_args(method):
    count = len([p for p in _of_callable(method) if p.kind == p.POSITIONAL_OR_KEYWORD])
    return count == 0 if inspect.ismethod(method) else count == 1


def func_supports_parameter(func, name):
    return any(p.name == name for p in _of_callable(func))


def is_module_level_function(func):
    if not inspect.isfunction(func) or inspect.isbuiltin(func):
        return False
    return "<locals>" not in func.__qualname__
