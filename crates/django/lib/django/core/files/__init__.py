"""Files that a model's row points to."""

from django.core.files.base import File

__all__ = ["File"]
