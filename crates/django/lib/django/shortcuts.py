"""``get_object_or_404`` and ``get_list_or_404``: a query, or "not found"."""

from django.http import Http404


def _get_queryset(klass):
    # A model stands for all its rows.
    if hasattr(klass, "_default_manager"):
        return klass._default_manager.all()
    return klass


def _checked(klass, function, method):
    queryset = _get_queryset(klass)
    if not hasattr(queryset, method):
        name = klass.__name__ if isinstance(klass, type) else klass.__class__.__name__
        raise ValueError(
            f"First argument to {function}() must be a Model, Manager, or "
            f"QuerySet, not '{name}'."
        )
    return queryset


def _nothing(queryset):
    return Http404(f"No {queryset.model._meta.object_name} matches the given query.")


def get_object_or_404(klass, *args, **kwargs):
    """The one object that matches, as ``get()`` finds it."""
    queryset = _checked(klass, "get_object_or_404", "get")
    try:
        return queryset.get(*args, **kwargs)
    except queryset.model.DoesNotExist:
        raise _nothing(queryset)


async def aget_object_or_404(klass, *args, **kwargs):
    queryset = _checked(klass, "aget_object_or_404", "aget")
    try:
        return await queryset.aget(*args, **kwargs)
    except queryset.model.DoesNotExist:
        raise _nothing(queryset)


def get_list_or_404(klass, *args, **kwargs):
    """The list of objects that match: at least one."""
    queryset = _checked(klass, "get_list_or_404", "filter")
    found = list(queryset.filter(*args, **kwargs))
    if not found:
        raise _nothing(queryset)
    return found


async def aget_list_or_404(klass, *args, **kwargs):
    queryset = _checked(klass, "aget_list_or_404", "filter")
    found = [one async for one in queryset.filter(*args, **kwargs)]
    if not found:
        raise _nothing(queryset)
    return found
