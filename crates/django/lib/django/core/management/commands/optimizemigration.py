"""``manage.py optimizemigration``."""

from django.core.management._native import NativeCommand


class Command(NativeCommand):
    name = "optimizemigration"
    help = "Optimizes the operations for the named migration."
