"""Finding the view of a path, by the patterns of ``ROOT_URLCONF``. Paths are not made from names."""

import re
import uuid
from importlib import import_module

from django.conf import settings
from django.http import Http404


class NoReverseMatch(Exception):
    pass


class Resolver404(Http404):
    pass


def _absent(name):
    def function(*args, **kwargs):
        raise NotImplementedError(f"django.urls.{name}()")

    function.__name__ = name
    return function


reverse = _absent("reverse")
reverse_lazy = _absent("reverse_lazy")

_CONVERTERS = {
    "int": (r"[0-9]+", int),
    "path": (r".+", str),
    "slug": (r"[-a-zA-Z0-9_]+", str),
    "str": (r"[^/]+", str),
    "uuid": (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", uuid.UUID),
}


class ResolverMatch:
    """A view, and what the path says to it."""

    def __init__(self, func, args, kwargs, url_name=None):
        self.func, self.args, self.kwargs, self.url_name = func, args, kwargs, url_name

    def __iter__(self):
        return iter((self.func, self.args, self.kwargs))

    def __getitem__(self, index):
        return (self.func, self.args, self.kwargs)[index]


class _Pattern:
    """One line of ``urlpatterns``: a view, or the patterns of what comes after."""

    def __init__(self, regex, converters, view, kwargs, name):
        self.regex = re.compile(regex)
        self.converters = converters
        self.view, self.kwargs, self.name = view, kwargs or {}, name

    def match(self, path):
        found = self.regex.search(path)
        if not found:
            return None
        named = {key: value for key, value in found.groupdict().items() if value is not None}
        # Where some parts have names, the others do not count.
        args = () if named else found.groups()
        for key, convert in self.converters.items():
            named[key] = convert(named[key])
        named |= self.kwargs
        if not isinstance(self.view, list):
            return ResolverMatch(self.view, args, named, self.name)
        inner = _first(self.view, path[found.end() :])
        if inner is not None:
            inner.kwargs = named | inner.kwargs
            inner.args = inner.args if named else args + inner.args
        return inner


def _first(patterns, path):
    for pattern in patterns:
        found = pattern.match(path)
        if found is not None:
            return found
    return None


def re_path(route, view, kwargs=None, name=None):
    return _Pattern(route, {}, view, kwargs, name)


def path(route, view, kwargs=None, name=None):
    converters = {}
    regex = "^"
    for kind, key, text in re.findall(r"<(?:(\w+):)?(\w+)>|([^<]+)", route):
        if text:
            regex += re.escape(text)
            continue
        part, converters[key] = _CONVERTERS[kind or "str"]
        regex += f"(?P<{key}>{part})"
    end = "" if isinstance(view, list) else r"\Z"
    return _Pattern(regex + end, converters, view, kwargs, name)


def include(arg, namespace=None):
    patterns = arg[0] if isinstance(arg, tuple) else arg
    if isinstance(patterns, str):
        patterns = import_module(patterns)
    return list(getattr(patterns, "urlpatterns", patterns))


def resolve(path, urlconf=None):
    path = str(path)
    found = None
    if path.startswith("/"):
        found = _first(include(urlconf or settings.ROOT_URLCONF), path[1:])
    if found is None:
        raise Resolver404({"path": path})
    return found
