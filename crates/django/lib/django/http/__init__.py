"""Names of ``django.http`` that code beside the ORM imports."""


class Http404(Exception):
    """There is no such page."""
