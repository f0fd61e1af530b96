"""``GenericPrefetch``: one queryset for each model that a generic key may lead to."""

from django.db.models import Prefetch
from django.db.models.query import ModelIterable, RawQuerySet


def _gives_models(queryset):
    if isinstance(queryset, RawQuerySet):
        return False
    made_by = getattr(queryset, "_iterable_class", ModelIterable)
    return issubclass(made_by, ModelIterable)


class GenericPrefetch(Prefetch):
    def __new__(cls, lookup=None, querysets=None, to_attr=None):
        # What is missing, ``__init__`` tells.
        return super().__new__(cls, lookup, to_attr=to_attr)

    def __init__(self, lookup, querysets, to_attr=None):
        if not all(_gives_models(one) for one in querysets if one is not None):
            raise ValueError(
                "Prefetch querysets cannot use raw(), values(), and values_list()."
            )
        self.querysets = querysets

    def get_current_querysets(self, level):
        if self.get_current_prefetch_to(level) == self.prefetch_to:
            return self.querysets
        return None
