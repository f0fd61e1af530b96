"""``manage.py squashmigrations``."""

from django.core.management._native import NativeCommand


class Command(NativeCommand):
    name = "squashmigrations"
    help = "Squashes an existing set of migrations (from first until specified) into a single new one."
