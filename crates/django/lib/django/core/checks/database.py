"""What connections find about themselves."""

from django.core.checks.registry import Tags, register
from django.db import connections


@register(Tags.database)
def check_database_backends(databases=None, **kwargs):
    found = []
    for alias in databases or ():
        found.extend(connections[alias].validation.check(**kwargs))
    return found
