"""What fields and their look-alikes share."""

from django.core import checks
from django.utils.functional import cached_property

NOT_PROVIDED = object()


class FieldCacheMixin:
    """A value kept beside an instance, under a name that the class must give."""

    @cached_property
    def cache_name(self):
        raise NotImplementedError

    def _cache(self, instance):
        return instance._state.fields_cache

    def get_cached_value(self, instance, default=NOT_PROVIDED):
        cache = self._cache(instance)
        if default is NOT_PROVIDED:
            return cache[self.cache_name]
        return cache.get(self.cache_name, default)

    def is_cached(self, instance):
        return self.cache_name in self._cache(instance)

    def set_cached_value(self, instance, value):
        self._cache(instance)[self.cache_name] = value

    def delete_cached_value(self, instance):
        del self._cache(instance)[self.cache_name]


class CheckFieldDefaultMixin:
    """Warns of a default that all rows would share."""

    _default_hint = ("<valid default>", "<invalid default>")

    def _check_default(self):
        if not self.has_default() or self.default is None or callable(self.default):
            return []
        good, bad = self._default_hint
        warning = checks.Warning(
            f"{type(self).__name__} default should be a callable instead of an instance "
            "so that it's not shared between all field instances.",
            hint=f"Use a callable instead, e.g., use `{good}` instead of `{bad}`.",
            obj=self,
            id="fields.E010",
        )
        return [warning]

    def check(self, **kwargs):
        return [*super().check(**kwargs), *self._check_default()]
