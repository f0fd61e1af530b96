"""Small tools of commands."""

from django.core.management._commands import parse_apps_and_model_labels  # noqa: F401
