"""Rows as text, and text as rows again: JSON, lines of JSON, XML, or plain Python objects.

``serialize("json", queryset)`` writes; ``deserialize("json", text)`` gives objects that are not
saved yet. ``SERIALIZATION_MODULES`` adds formats.
"""

import importlib

from django.conf import settings
from django.core.serializers._order import sort_dependencies  # noqa: F401
from django.core.serializers.base import SerializerDoesNotExist

BUILTIN_SERIALIZERS = {
    "xml": "django.core.serializers.xml_serializer",
    "python": "django.core.serializers.python",
    "json": "django.core.serializers.json",
    "yaml": "django.core.serializers.pyyaml",
    "jsonl": "django.core.serializers.jsonl",
}
# By format; filled when first asked for, so that settings can still change what is in it.
_serializers = {}


class BadSerializer:
    """Stands for a module that could not be imported: says so when it is used."""

    internal_use_only = False

    def __init__(self, exception):
        self.exception = exception

    def __call__(self, *args, **kwargs):
        raise self.exception


class _BadModule:
    def __init__(self, exception):
        self.Serializer = self.Deserializer = BadSerializer(exception)


def register_serializer(format, serializer_module, serializers=None):
    """Makes a module known; into another dictionary than the global one if it is given."""
    known = _known() if serializers is None else serializers
    try:
        known[format] = importlib.import_module(serializer_module)
    except ImportError as failure:
        known[format] = _BadModule(failure)


def unregister_serializer(format):
    _module(format)
    del _serializers[format]


def get_serializer(format):
    return _module(format).Serializer


def get_deserializer(format):
    return _module(format).Deserializer


def get_serializer_formats():
    return list(_known())


def get_public_serializer_formats():
    known = _known()
    return [name for name in known if not known[name].Serializer.internal_use_only]


def serialize(format, queryset, **options):
    """Writes all objects of an iterable and returns what was written."""
    serializer = get_serializer(format)()
    serializer.serialize(queryset, **options)
    return serializer.getvalue()


def deserialize(format, stream_or_string, **options):
    """Reads objects, one after the other, none of them saved."""
    return get_deserializer(format)(stream_or_string, **options)


def _load_serializers():
    global _serializers
    loaded = {}
    for format, path in BUILTIN_SERIALIZERS.items():
        register_serializer(format, path, loaded)
    for format, path in getattr(settings, "SERIALIZATION_MODULES", {}).items():
        register_serializer(format, path, loaded)
    _serializers = loaded


def _known():
    if not _serializers:
        _load_serializers()
    return _serializers


def _module(format):
    try:
        return _known()[format]
    except KeyError:
        raise SerializerDoesNotExist(format) from None
