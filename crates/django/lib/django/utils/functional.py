"""Values that are worked out late: ``lazy``, ``SimpleLazyObject``, ``cached_property``."""

import copy
import operator
from functools import wraps

from django.utils._functional import cached_property, classproperty  # noqa: F401


class Promise:
    """What every late string is an instance of."""


def _compared(compare):
    def method(self, other):
        if isinstance(other, Promise):
            other = other._late_value()
        return compare(self._late_value(), other)

    return method


def lazy(func, *resultclasses):
    """A function whose result is worked out each time it is looked at."""

    class __proxy__(Promise):
        def __init__(self, args, kw):
            self._args = args
            self._kw = kw

        def _late_value(self):
            return func(*self._args, **self._kw)

        def __reduce__(self):
            return _lazy_proxy_unpickle, (func, self._args, self._kw, *resultclasses)

        def __deepcopy__(self, memo):
            memo[id(self)] = self
            return self

        def __repr__(self):
            return repr(self._late_value())

        def __str__(self):
            return str(self._late_value())

        def __hash__(self):
            return hash(self._late_value())

        def __format__(self, spec):
            return format(self._late_value(), spec)

        def __radd__(self, other):
            return other + self._late_value()

        __eq__ = _compared(operator.eq)
        __ne__ = _compared(operator.ne)
        __lt__ = _compared(operator.lt)
        __le__ = _compared(operator.le)
        __gt__ = _compared(operator.gt)
        __ge__ = _compared(operator.ge)
        __add__ = _compared(operator.add)
        __mod__ = _compared(operator.mod)
        __mul__ = _compared(operator.mul)

    def passed_on(name):
        def method(self, *args, **kw):
            return getattr(self._late_value(), name)(*args, **kw)

        return method

    # Every other method of what it may turn out to be.
    for resultclass in resultclasses:
        for parent in resultclass.__mro__:
            for name in parent.__dict__:
                if not hasattr(__proxy__, name):
                    setattr(__proxy__, name, passed_on(name))

    @wraps(func)
    def late(*args, **kw):
        return __proxy__(args, kw)

    return late


def _lazy_proxy_unpickle(func, args, kwargs, *resultclasses):
    return lazy(func, *resultclasses)(*args, **kwargs)


def lazystr(text):
    """A text that becomes ``str`` when it is looked at."""
    return lazy(str, str)(text)


def keep_lazy(*resultclasses):
    """A decorator: called with a late argument, the function is late as well."""
    if not resultclasses:
        raise TypeError("You must pass at least one argument to keep_lazy().")

    def decorator(func):
        late = lazy(func, *resultclasses)

        @wraps(func)
        def wrapper(*args, **kwargs):
            given = (*args, *kwargs.values())
            if any(isinstance(one, Promise) for one in given):
                return late(*args, **kwargs)
            return func(*args, **kwargs)

        return wrapper

    return decorator


def keep_lazy_text(func):
    """``keep_lazy`` for functions whose result is text."""
    return keep_lazy(str)(func)


empty = object()


def new_method_proxy(func):
    """A method that acts on the wrapped object, made if need be."""

    def inner(self, *args):
        if (wrapped := self._wrapped) is empty:
            self._setup()
            wrapped = self._wrapped
        return func(wrapped, *args)

    inner._mask_wrapped = False
    return inner


class LazyObject:
    """Stands for an object that a subclass's ``_setup`` makes on first use."""

    _wrapped = None

    def __init__(self):
        self._wrapped = empty

    def __getattribute__(self, name):
        if name == "_wrapped":
            return super().__getattribute__(name)
        value = super().__getattribute__(name)
        # Methods that only pass on are as absent as the object's own say.
        if not getattr(value, "_mask_wrapped", True):
            raise AttributeError
        return value

    __getattr__ = new_method_proxy(getattr)

    def __setattr__(self, name, value):
        if name == "_wrapped":
            self.__dict__["_wrapped"] = value
        else:
            if self._wrapped is empty:
                self._setup()
            setattr(self._wrapped, name, value)

    def __delattr__(self, name):
        if name == "_wrapped":
            raise TypeError("can't delete _wrapped.")
        if self._wrapped is empty:
            self._setup()
        delattr(self._wrapped, name)

    def _setup(self):
        raise NotImplementedError(
            "subclasses of LazyObject must provide a _setup() method"
        )

    def __reduce__(self):
        if self._wrapped is empty:
            self._setup()
        return unpickle_lazyobject, (self._wrapped,)

    def __copy__(self):
        if self._wrapped is empty:
            return type(self)()
        return copy.copy(self._wrapped)

    def __deepcopy__(self, memo):
        if self._wrapped is empty:
            fresh = type(self)()
            memo[id(self)] = fresh
            return fresh
        return copy.deepcopy(self._wrapped, memo)

    __bytes__ = new_method_proxy(bytes)
    __str__ = new_method_proxy(str)
    __bool__ = new_method_proxy(bool)
    __dir__ = new_method_proxy(dir)
    __class__ = property(new_method_proxy(operator.attrgetter("__class__")))
    __eq__ = new_method_proxy(operator.eq)
    __lt__ = new_method_proxy(operator.lt)
    __gt__ = new_method_proxy(operator.gt)
    __ne__ = new_method_proxy(operator.ne)
    __hash__ = new_method_proxy(hash)
    __getitem__ = new_method_proxy(operator.getitem)
    __setitem__ = new_method_proxy(operator.setitem)
    __delitem__ = new_method_proxy(operator.delitem)
    __iter__ = new_method_proxy(iter)
    __len__ = new_method_proxy(len)
    __contains__ = new_method_proxy(operator.contains)


def unpickle_lazyobject(wrapped):
    """A pickled late object comes back as what it stood for."""
    return wrapped


class SimpleLazyObject(LazyObject):
    """A late object that a function makes."""

    def __init__(self, func):
        self.__dict__["_setupfunc"] = func
        super().__init__()

    def _setup(self):
        self._wrapped = self._setupfunc()

    def __repr__(self):
        shown = self._setupfunc if self._wrapped is empty else self._wrapped
        return f"<{type(self).__name__}: {shown!r}>"

    def __copy__(self):
        if self._wrapped is empty:
            return SimpleLazyObject(self._setupfunc)
        return copy.copy(self._wrapped)

    def __deepcopy__(self, memo):
        if self._wrapped is empty:
            fresh = SimpleLazyObject(self._setupfunc)
            memo[id(self)] = fresh
            return fresh
        return copy.deepcopy(self._wrapped, memo)

    __add__ = new_method_proxy(operator.add)

    @new_method_proxy
    def __radd__(self, other):
        return other + self


def partition(predicate, values):
    """Two lists: what the predicate refuses, and what it takes."""
    sides = ([], [])
    for value in values:
        sides[bool(predicate(value))].append(value)
    return sides
