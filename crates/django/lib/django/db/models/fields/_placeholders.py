"""``Field.get_placeholder``, which ``get_placeholder_sql`` takes the place of."""

import warnings

from django.utils.deprecation import RemovedInDjango2028Warning


def get_placeholder_sql(self, value, compiler, connection):
    placeholder = self.get_placeholder(value, compiler, connection)
    if not hasattr(value, "as_sql"):
        return placeholder, (value,)
    sql, params = compiler.compile(value)
    return placeholder % sql, params


def replace(cls):
    """Called for each class that defines ``get_placeholder`` alone."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    warnings.warn(
        "Field.get_placeholder is deprecated in favor of get_placeholder_sql. Define "
        f"{name}.get_placeholder_sql to return both SQL and parameters instead.",
        category=RemovedInDjango2028Warning,
        stacklevel=3,
    )
    cls.get_placeholder_sql = get_placeholder_sql
