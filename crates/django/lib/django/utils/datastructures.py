"""Containers with habits of their own."""

import copy
from collections.abc import Mapping

from django.utils._datastructures import ImmutableList  # noqa: F401


class OrderedSet:
    """A set that keeps its order."""

    def __init__(self, iterable=None):
        self.dict = dict.fromkeys(iterable or ())

    def add(self, item):
        self.dict[item] = None

    def remove(self, item):
        del self.dict[item]

    def discard(self, item):
        self.dict.pop(item, None)

    def __iter__(self):
        return iter(self.dict)

    def __reversed__(self):
        return reversed(self.dict)

    def __contains__(self, item):
        return item in self.dict

    def __bool__(self):
        return bool(self.dict)

    def __len__(self):
        return len(self.dict)

    def __repr__(self):
        data = repr(list(self.dict)) if self.dict else ""
        return f"{self.__class__.__qualname__}({data})"


class MultiValueDictKeyError(KeyError):
    pass


class MultiValueDict(dict):
    """Several values a key; the plain ways of reading give the last one."""

    def __init__(self, key_to_list_mapping=()):
        super().__init__(key_to_list_mapping)

    def __repr__(self):
        return f"<{self.__class__.__name__}: {super().__repr__()}>"

    def __getitem__(self, key):
        try:
            values = super().__getitem__(key)
        except KeyError:
            raise MultiValueDictKeyError(key)
        return values[-1] if values else []

    def __setitem__(self, key, value):
        super().__setitem__(key, [value])

    def __copy__(self):
        return self.__class__([(key, values[:]) for key, values in self.lists()])

    def __deepcopy__(self, memo):
        result = self.__class__()
        memo[id(self)] = result
        for key, values in dict.items(self):
            dict.__setitem__(result, copy.deepcopy(key, memo), copy.deepcopy(values, memo))
        return result

    def __getstate__(self):
        return {**self.__dict__, "_data": {key: self.getlist(key) for key in self}}

    def __setstate__(self, state):
        for key, values in state.pop("_data", {}).items():
            self.setlist(key, values)
        self.__dict__.update(state)

    def get(self, key, default=None):
        value = self[key] if key in self else default
        return default if value == [] else value

    def _values(self, key, default=None, force_list=False):
        if key not in self:
            return [] if default is None else default
        values = super().__getitem__(key)
        return list(values) if force_list and values is not None else values

    def getlist(self, key, default=None):
        return self._values(key, default, force_list=True)

    def setlist(self, key, list_):
        super().__setitem__(key, list_)

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def setlistdefault(self, key, default_list=None):
        if key not in self:
            self.setlist(key, [] if default_list is None else default_list)
        return self._values(key)

    def appendlist(self, key, value):
        self.setlistdefault(key).append(value)

    def items(self):
        for key in self:
            yield key, self[key]

    def lists(self):
        return iter(super().items())

    def values(self):
        for key in self:
            yield self[key]

    def copy(self):
        return copy.copy(self)

    def update(self, *args, **kwargs):
        if len(args) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(args)}")
        for other in args:
            pairs = other.lists() if isinstance(other, MultiValueDict) else None
            if pairs is not None:
                for key, values in pairs:
                    self.setlistdefault(key).extend(values)
                continue
            for key, value in other.items() if isinstance(other, Mapping) else other:
                self.setlistdefault(key).append(value)
        for key, value in kwargs.items():
            self.setlistdefault(key).append(value)

    def dict(self):
        return {key: self[key] for key in self}


class DictWrapper(dict):
    """A dict that passes values of keys with a prefix through a function."""

    def __init__(self, data, func, prefix):
        super().__init__(data)
        self.func = func
        self.prefix = prefix

    def __getitem__(self, key):
        if key.startswith(self.prefix):
            return self.func(super().__getitem__(key.removeprefix(self.prefix)))
        return super().__getitem__(key)


class CaseInsensitiveMapping(Mapping):
    """A mapping that does not tell capitals from small letters, and remembers both."""

    def __init__(self, data):
        self._store = {key.lower(): (key, value) for key, value in self._pairs(data)}

    def __getitem__(self, key):
        return self._store[key.lower()][1]

    def __len__(self):
        return len(self._store)

    def __eq__(self, other):
        if not isinstance(other, Mapping):
            return False
        return {k.lower(): v for k, v in self.items()} == {k.lower(): v for k, v in other.items()}

    def __iter__(self):
        return (key for key, _ in self._store.values())

    def __repr__(self):
        return repr(dict(self._store.values()))

    def copy(self):
        return self

    @staticmethod
    def _pairs(data):
        if isinstance(data, Mapping):
            yield from data.items()
            return
        for i, element in enumerate(data):
            if len(element) != 2:
                raise ValueError(
                    f"dictionary update sequence element #{i} has length {len(element)}; "
                    "2 is required."
                )
            if not isinstance(element[0], str):
                raise ValueError(f"Element key {element[0]!r} invalid, only strings are allowed")
            yield element
