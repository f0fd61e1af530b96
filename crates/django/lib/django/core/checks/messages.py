"""What a check finds: ``Error("…", hint="…", obj=field, id="fields.E001")``."""

DEBUG = 10
INFO = 20
WARNING = 30
ERROR = 40
CRITICAL = 50

_PARTS = ("level", "msg", "hint", "obj", "id")


class CheckMessage:
    def __init__(self, level, msg, hint=None, obj=None, id=None):
        if not isinstance(level, int):
            raise TypeError("The first argument should be level.")
        self.level, self.msg, self.hint, self.obj, self.id = level, msg, hint, obj, id

    def _parts(self):
        return [getattr(self, name) for name in _PARTS]

    def __eq__(self, other):
        return isinstance(other, self.__class__) and self._parts() == other._parts()

    def __str__(self):
        where = "?" if self.obj is None else _place(self.obj)
        number = f"({self.id}) " if self.id else ""
        hint = f"\n\tHINT: {self.hint}" if self.hint else ""
        return f"{where}: {number}{self.msg}{hint}"

    def __repr__(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _PARTS)
        return f"<{self.__class__.__name__}: {shown}>"

    def is_serious(self, level=ERROR):
        return self.level >= level

    def is_silenced(self):
        from django.conf import settings

        return self.id in settings.SILENCED_SYSTEM_CHECKS


def _place(obj):
    from django.db.models.base import ModelBase

    # A model's own `str` is its class's.
    return obj._meta.label if isinstance(obj, ModelBase) else str(obj)


class Debug(CheckMessage):
    def __init__(self, *args, **kwargs):
        super().__init__(DEBUG, *args, **kwargs)


class Info(CheckMessage):
    def __init__(self, *args, **kwargs):
        super().__init__(INFO, *args, **kwargs)


class Warning(CheckMessage):
    def __init__(self, *args, **kwargs):
        super().__init__(WARNING, *args, **kwargs)


class Error(CheckMessage):
    def __init__(self, *args, **kwargs):
        super().__init__(ERROR, *args, **kwargs)


class Critical(CheckMessage):
    def __init__(self, *args, **kwargs):
        super().__init__(CRITICAL, *args, **kwargs)
