"""Where files are kept."""

from django.conf import settings
from django.core.files.storage.base import Storage
from django.core.files.storage.filesystem import FileSystemStorage
from django.core.files.storage.memory import InMemoryStorage
from django.utils.functional import LazyObject

__all__ = (
    "FileSystemStorage",
    "InMemoryStorage",
    "Storage",
    "DefaultStorage",
    "default_storage",
)


class DefaultStorage(LazyObject):
    """The storage of fields that name none: files below ``MEDIA_ROOT``."""

    def _setup(self):
        given = (getattr(settings, "STORAGES", None) or {}).get("default", {})
        backend = given.get("BACKEND", FileSystemStorage)
        if isinstance(backend, str):
            from django.utils.module_loading import import_string

            backend = import_string(backend)
        self._wrapped = backend(**given.get("OPTIONS", {}))


default_storage = DefaultStorage()
