"""``manage.py showmigrations``."""

from django.core.management._native import NativeCommand


class Command(NativeCommand):
    name = "showmigrations"
    help = "Shows all available migrations for the current project"
    defaults = {"format": "list"}
