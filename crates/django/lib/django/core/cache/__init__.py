"""Caches, each a dict of this process."""

import copy
import time

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEFAULT_CACHE_ALIAS = "default"
DEFAULT_TIMEOUT = object()


class InvalidCacheBackendError(ImproperlyConfigured):
    pass


class LocMemCache:
    """Keeps copies of values under ``prefix:version:key`` until they expire."""

    def __init__(self, name, params):
        self._name = name
        self._values = {}
        self.default_timeout = params.get("TIMEOUT", 300)
        self.key_prefix = params.get("KEY_PREFIX", "")
        self.version = params.get("VERSION", 1)

    def make_key(self, key, version=None):
        return f"{self.key_prefix}:{self.version if version is None else version}:{key}"

    def _expiry(self, timeout):
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return None if timeout is None else time.time() + timeout

    def _has(self, key):
        if key not in self._values:
            return False
        expiry = self._values[key][1]
        if expiry is not None and expiry <= time.time():
            del self._values[key]
            return False
        return True

    def get(self, key, default=None, version=None):
        key = self.make_key(key, version)
        return copy.deepcopy(self._values[key][0]) if self._has(key) else default

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        kept = copy.deepcopy(value), self._expiry(timeout)
        self._values[self.make_key(key, version)] = kept

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        if self._has(self.make_key(key, version)):
            return False
        self.set(key, value, timeout, version)
        return True

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        key = self.make_key(key, version)
        if not self._has(key):
            return False
        self._values[key] = self._values[key][0], self._expiry(timeout)
        return True

    def delete(self, key, version=None):
        key = self.make_key(key, version)
        found = self._has(key)
        self._values.pop(key, None)
        return found

    def has_key(self, key, version=None):
        return self._has(self.make_key(key, version))

    __contains__ = has_key

    def get_or_set(self, key, default, timeout=DEFAULT_TIMEOUT, version=None):
        missing = object()
        value = self.get(key, missing, version)
        if value is missing:
            value = default() if callable(default) else default
            self.add(key, value, timeout, version)
        return value

    def incr(self, key, delta=1, version=None):
        full = self.make_key(key, version)
        if not self._has(full):
            raise ValueError(f"Key '{key}' not found")
        value, expiry = self._values[full]
        self._values[full] = value + delta, expiry
        return value + delta

    def decr(self, key, delta=1, version=None):
        return self.incr(key, -delta, version)

    def get_many(self, keys, version=None):
        return {key: self.get(key, None, version) for key in keys if self.has_key(key, version)}

    def set_many(self, data, timeout=DEFAULT_TIMEOUT, version=None):
        for key, value in data.items():
            self.set(key, value, timeout, version)
        return []

    def delete_many(self, keys, version=None):
        for key in keys:
            self.delete(key, version)

    def clear(self):
        self._values.clear()

    def close(self, **kwargs):
        pass


class CacheHandler:
    """``caches["default"]``: each cache is made when it is first asked for."""

    def __init__(self):
        self._made = {}

    @property
    def settings(self):
        return settings.CACHES or {DEFAULT_CACHE_ALIAS: {}}

    def __getitem__(self, alias):
        if alias not in self._made:
            if alias not in self.settings:
                raise InvalidCacheBackendError(f"The connection '{alias}' doesn't exist.")
            params = self.settings[alias]
            backend = params.get("BACKEND", "django.core.cache.backends.locmem.LocMemCache")
            if not backend.endswith(".LocMemCache"):
                raise NotImplementedError(f"the cache {backend}")
            self._made[alias] = LocMemCache(params.get("LOCATION", ""), params)
        return self._made[alias]

    def __iter__(self):
        return iter(self.settings)

    def all(self, initialized_only=False):
        return [self[alias] for alias in (self._made if initialized_only else self)]


caches = CacheHandler()


class _Default:
    """The cache called ``default``, whichever that is."""

    def __getattr__(self, name):
        return getattr(caches[DEFAULT_CACHE_ALIAS], name)

    def __contains__(self, key):
        return key in caches[DEFAULT_CACHE_ALIAS]


cache = _Default()
